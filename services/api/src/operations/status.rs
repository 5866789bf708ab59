//! How the log, the bus and the views stand.

use jiff::Timestamp;
use onward_contract::operations::v1 as wire;
use onward_log::Position;
use onward_views::{Comparison, GenerationState, GenerationStatus, ViewStatus};
use tonic::{Request, Response};

use crate::call::moment;
use crate::status::Failure;
use crate::{BusTold, Doors};

pub(super) async fn get(
    doors: &Doors,
    request: Request<wire::GetStatusRequest>,
) -> Result<Response<wire::GetStatusResponse>, Failure> {
    let method = "/onward.operations.v1.OperationsService/GetStatus";
    let entered = doors.open(method, request).await?;
    let head = doors.head_from(&entered.message.min_position).await?;
    let last = match head.get() {
        0 => None,
        number => doors.log().read(Position::new(number - 1), 1).await?.pop(),
    };
    let backend = match doors.process().postgres {
        true => wire::Backend::Postgres,
        false => wire::Backend::Sqlite,
    };
    let uptime = Timestamp::now().duration_since(doors.started());
    Ok(Response::new(wire::GetStatusResponse {
        position: head.to_string(),
        log: Some(wire::LogStatus {
            backend: backend.into(),
            head_position: if head == Position::START { String::new() } else { head.to_string() },
            head_recorded_at: last.map(|event| moment(event.recorded_at)),
            // Positions have no gaps, so the last one is the count.
            events: head.get(),
            epoch: doors.log().epoch().await?,
            unfinished_erasures: doors.log().unfinished_erasures().await?,
        }),
        bus: Some(bus(&doors.bus(), head)),
        views: doors.views().status().await?.iter().map(view).collect(),
        uptime: Some(prost_types::Duration {
            seconds: uptime.as_secs(),
            nanos: uptime.subsec_nanos(),
        }),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        roles: doors.process().roles.clone(),
    }))
}

fn bus(told: &BusTold, head: Position) -> wire::BusStatus {
    let state = if !told.configured {
        wire::BusState::NotConfigured
    } else if told.halted {
        wire::BusState::Halted
    } else if told.connected {
        wire::BusState::Connected
    } else {
        wire::BusState::Disconnected
    };
    wire::BusStatus {
        state: state.into(),
        stream: told.stream.clone().unwrap_or_default(),
        last_sequence: told.copied.get(),
        lag_events: if told.configured { head.get().saturating_sub(told.copied.get()) } else { 0 },
        message: told.fault.clone().unwrap_or_default(),
        server_version: told.server_version.clone().unwrap_or_default(),
        incident: told.incident.as_ref().map(|(what, _)| what.clone()).unwrap_or_default(),
        incident_at: told.incident.as_ref().map(|(_, at)| moment(*at)),
        audited_sequence: told.audited.get(),
        audit_ended_at: told.audit_ended_at.map(moment),
    }
}

/// A view as the contract shows it.
pub(super) fn view(status: &ViewStatus) -> wire::ViewStatus {
    wire::ViewStatus {
        name: status.view.as_str().to_owned(),
        version: status.version,
        position: status.position.to_string(),
        lag_events: status.lag,
        parked: status.parked,
        generations: status.generations.iter().map(generation).collect(),
    }
}

fn generation(status: &GenerationStatus) -> wire::ViewGeneration {
    let state = match status.state {
        GenerationState::Live => wire::GenerationState::Live,
        GenerationState::Building => wire::GenerationState::Building,
        GenerationState::Ready => wire::GenerationState::Ready,
        GenerationState::Retired => wire::GenerationState::Retired,
    };
    wire::ViewGeneration {
        generation: status.generation,
        version: status.version,
        state: state.into(),
        position: status.position.to_string(),
        lag_events: status.lag,
        parked: status.parked,
        comparison: status.comparison.as_ref().map(comparison),
    }
}

/// A comparison as the contract shows it.
pub(super) fn comparison(found: &Comparison) -> wire::ViewComparison {
    wire::ViewComparison {
        position: found.position.to_string(),
        partitions: found.partitions,
        rows: found.rows,
        differences: found.differences,
        equal: found.is_equal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_what_the_log_has_and_the_bus_has_not() {
        let told = BusTold {
            configured: true,
            connected: true,
            copied: Position::new(7),
            ..BusTold::default()
        };
        let shown = bus(&told, Position::new(10));
        assert_eq!((shown.state(), shown.lag_events), (wire::BusState::Connected, 3));
        let incident = Some(("it befell".to_owned(), Timestamp::UNIX_EPOCH));
        let befallen = BusTold { incident, audited: Position::new(5), ..told.clone() };
        let shown = bus(&befallen, Position::new(10));
        assert_eq!((shown.incident.as_str(), shown.audited_sequence), ("it befell", 5));
        assert!(shown.incident_at.is_some() && shown.audit_ended_at.is_none());
        let halted = bus(&BusTold { halted: true, ..told }, Position::new(10));
        assert_eq!(halted.state(), wire::BusState::Halted);
        let none = bus(&BusTold::default(), Position::new(10));
        assert_eq!((none.state(), none.lag_events), (wire::BusState::NotConfigured, 0));
    }
}
