//! As a world ends, its look-up keys must be what its events say: so that what the doors claim and what
//! `verify` expects cannot drift apart, whatever story was told.

use onward_log::{Log, Options, VerifyFault};

use super::World;

impl World {
    /// A test has altered the look-up keys, and leaves them so.
    pub fn leave_altered(&mut self) {
        self.altered = true;
    }

    /// Where the log is, for a look at it in this process.
    pub fn options(&self) -> Options {
        match self.postgres_url() {
            Some(url) => Options::postgres(url, self.data().join("keys")),
            None => Options::sqlite(self.data()),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.altered || std::thread::panicking() {
            return;
        }
        let options = self.options();
        // A thread and a runtime of its own: nothing can be awaited in a drop.
        let checked = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.ok()?.block_on(async {
                // A test may have taken the data away, the keys or a learner's key.
                let log = Log::look(options).await.ok()?;
                let found = log.verify_look_ups().await;
                log.close().await;
                found.err()
            })
        });
        let fault = checked.join().ok().flatten();
        if let Some(fault @ VerifyFault::LookUp { .. }) = fault {
            panic!("the look-up keys are not what the events say: {fault}");
        }
    }
}
