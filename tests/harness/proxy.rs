//! A proxy of our own between a process and its database or bus. It cuts, falls silent one way or both,
//! delays, and swallows exactly one message: a commit on its way, a commit's reply, the bus's word that
//! a batch is stored.

mod wire;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use wire::Splitter;

/// What is spoken through the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// PostgreSQL's messages.
    Postgres,
    /// The lines of NATS.
    Nats,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the process to its server.
    Up,
    /// From the server to the process.
    Down,
}

/// A message that a trap waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// `COMMIT`, before the server has it.
    Commit,
    /// The server's word that it has committed.
    CommitReply,
    /// The server's word that a batch is stored.
    PublishAck,
}

/// What becomes of the connection once the message is swallowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It breaks, both ways.
    Break,
    /// It stays open and says nothing more, so that whoever waits can be ended meanwhile.
    Silence,
    /// It goes on as if nothing had been sent.
    GoOn,
}

/// Waits for the first message of a kind on connections that say this name when they begin
/// (PostgreSQL: the application's name; empty: any).
struct Trap {
    name: &'static str,
    message: Message,
    then: Then,
    sprung: oneshot::Sender<()>,
}

#[derive(Clone, Default)]
struct State {
    /// Grows whenever all connections are broken.
    broken: u64,
    closed: bool,
    held: [bool; 2],
    delay: Duration,
}

struct Shared {
    wire: Wire,
    target: SocketAddr,
    state: watch::Sender<State>,
    /// Pieces that wait to be let through.
    kept: watch::Sender<usize>,
    trap: Mutex<Option<Trap>>,
}

/// A running proxy on a loopback port.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    _accepting: AbortOnDropHandle<()>,
}

// === impl Proxy

impl Proxy {
    /// Listens, and brings whoever comes to `target` (`127.0.0.1:port`).
    ///
    /// # Errors
    /// There is no port.
    pub async fn start(wire: Wire, target: &str) -> anyhow::Result<Self> {
        let target = target.parse().with_context(|| format!("{target} is no address"))?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = watch::Sender::new(State::default());
        let kept = watch::Sender::new(0);
        let shared = Arc::new(Shared { wire, target, state, kept, trap: Mutex::new(None) });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _accepting: AbortOnDropHandle::new(accepting) })
    }

    /// Where to connect: `127.0.0.1:port`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks every connection, and every new one, until [`Proxy::heal`].
    pub fn cut(&self) {
        self.change(|state| (state.closed, state.broken) = (true, state.broken + 1));
    }

    /// Breaks every connection once; new ones are served.
    pub fn interrupt(&self) {
        self.change(|state| state.broken += 1);
    }

    /// Lets nothing through in one direction until [`Proxy::heal`]; connections stay open.
    pub fn silence(&self, way: Way) {
        self.change(|state| state.held[way as usize] = true);
    }

    /// Keeps back whatever comes for so long.
    pub fn delay(&self, by: Duration) {
        self.change(|state| state.delay = by);
    }

    /// As it was at the start. What was kept back breaks with its connection, as after a long partition.
    pub fn heal(&self) {
        let broken = |state: &State| state.broken + u64::from(state.held.contains(&true));
        self.change(|state| *state = State { broken: broken(state), ..State::default() });
    }

    /// Waits until something is kept back by [`Proxy::silence`].
    pub async fn keeps_something(&self) {
        let mut kept = self.shared.kept.subscribe();
        // The sender is ours, so that it is there.
        let _ = kept.wait_for(|pieces| *pieces > 0).await;
    }

    /// Swallows the first message of a kind. The receiver hears of it when it has happened.
    pub fn swallow(
        &self,
        name: &'static str,
        message: Message,
        then: Then,
    ) -> oneshot::Receiver<()> {
        let (sprung, heard) = oneshot::channel();
        *self.shared.trap() = Some(Trap { name, message, then, sprung });
        heard
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        self.shared.state.send_modify(change);
    }
}

// === impl Shared

impl Shared {
    fn trap(&self) -> std::sync::MutexGuard<'_, Option<Trap>> {
        self.trap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done with a message, where the trap waits for it.
    fn catch(&self, name: &str, message: Option<Message>) -> Option<Then> {
        let mut trap = self.trap();
        let waits = |trap: &Trap| Some(trap.message) == message && name.contains(trap.name);
        let caught = trap.take_if(|trap| waits(trap))?;
        // The test may have given up waiting.
        let _ = caught.sprung.send(());
        Some(caught.then)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A connection ends with either end, or with the proxy's word.
        tokio::spawn(async move { connect(client, &shared).await });
    }
}

async fn connect(client: TcpStream, shared: &Arc<Shared>) {
    let mut state = shared.state.subscribe();
    if state.borrow_and_update().closed {
        return;
    }
    let Ok(server) = TcpStream::connect(shared.target).await else { return };
    if client.set_nodelay(true).is_err() || server.set_nodelay(true).is_err() {
        return;
    }
    let ((client_in, client_out), (server_in, server_out)) =
        (client.into_split(), server.into_split());
    let began = state.borrow().broken;
    let name = Arc::new(Mutex::new(String::new()));
    let up = Pump { shared, way: Way::Up, name: Arc::clone(&name), state: state.clone() };
    let down = Pump { shared, way: Way::Down, name, state: state.clone() };
    tokio::select! {
        () = up.run(client_in, server_out) => {}
        () = down.run(server_in, client_out) => {}
        _ = state.wait_for(|state| state.broken != began) => {}
    }
}

/// One direction of one connection.
struct Pump<'a> {
    shared: &'a Shared,
    way: Way,
    name: Arc<Mutex<String>>,
    state: watch::Receiver<State>,
}

impl Pump<'_> {
    /// Returns when either end is gone, or a trap breaks the connection.
    async fn run(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut splitter = Splitter::new(self.shared.wire, self.way);
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut chunk).await {
            self.note_name(&chunk[..count]);
            let pieces = splitter.split(&chunk[..count]);
            for (piece, message) in pieces {
                match self.shared.catch(&self.name(), message) {
                    Some(Then::Break) => return,
                    Some(Then::Silence) => std::future::pending().await,
                    Some(Then::GoOn) => {}
                    None => {
                        if !self.let_through().await || to.write_all(&piece).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// The first thing that a client of PostgreSQL says holds its application's name.
    fn note_name(&self, chunk: &[u8]) {
        let mut name = self.name.lock().unwrap_or_else(PoisonError::into_inner);
        if self.way == Way::Up && name.is_empty() {
            *name = String::from_utf8_lossy(chunk).into_owned();
        }
    }

    fn name(&self) -> String {
        self.name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits while this direction is held, then as long as everything is delayed.
    async fn let_through(&mut self) -> bool {
        let way = self.way as usize;
        let kept = Kept::while_held(self.shared, self.state.borrow().held[way]);
        let open = self.state.wait_for(|state| !state.held[way]).await;
        drop(kept);
        let Ok(delay) = open.map(|state| state.delay) else { return false };
        if !delay.is_zero() {
            // What never comes is waited for in vain, as long as it takes.
            let _ = tokio::time::timeout(delay, std::future::pending::<()>()).await;
        }
        true
    }
}

/// A piece that waits, as long as this is there.
struct Kept<'a>(&'a Shared);

impl<'a> Kept<'a> {
    fn while_held(shared: &'a Shared, held: bool) -> Option<Self> {
        held.then(|| {
            shared.kept.send_modify(|pieces| *pieces += 1);
            Self(shared)
        })
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.0.kept.send_modify(|pieces| *pieces -= 1);
    }
}
