//! The port itself: health, reflection in both versions, gRPC-Web, limits, and paths that are not there.

use onward_contract::operations::v1::GetStatusRequest;
use onward_contract::reason;
use onward_tests::builders::Child;
use onward_tests::expect::reason_of;
use onward_tests::world::{House, World};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use super::{Method, raw};

on_both_databases!(
    every_service_says_that_it_is_serving,
    both_reflections_list_every_service,
    a_browser_calls_over_plain_http_1,
    a_message_that_is_too_large_is_refused_and_the_process_lives,
    the_callers_request_id_comes_back_and_everything_is_bounded,
);

fn services() -> Vec<String> {
    let ours = onward_contract::pool().services();
    let ours = ours.map(|service| service.full_name().to_owned());
    ours.filter(|name| name.starts_with("onward.")).collect()
}

async fn every_service_says_that_it_is_serving(world: &World) -> anyhow::Result<()> {
    let mut health = HealthClient::new(world.channels()[0].clone());
    let mut all = services();
    all.push(String::new());
    for service in all {
        let request = HealthCheckRequest { service: service.clone() };
        let answer = health.check(request).await?.into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = HealthCheckRequest { service: "onward.unknown.v1.UnknownService".to_owned() };
    assert_eq!(health.check(unknown).await.expect_err("unknown").code(), Code::NotFound);
    Ok(())
}

async fn both_reflections_list_every_service(world: &World) -> anyhow::Result<()> {
    let channel = world.channels()[0].clone();
    let request = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let reply = client.server_reflection_info(tokio_stream::once(request)).await?;
    let reply = reply.into_inner().message().await?.and_then(|reply| reply.message_response);
    let Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(listed)) = reply
    else {
        panic!("a list of services")
    };
    let newer: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();

    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let reply = client.server_reflection_info(tokio_stream::once(request)).await?;
    let reply = reply.into_inner().message().await?.and_then(|reply| reply.message_response);
    let Some(v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(listed)) =
        reply
    else {
        panic!("a list of services")
    };
    let older: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
    for service in services() {
        assert!(newer.contains(&service), "v1 lists {service}");
        assert!(older.contains(&service), "v1alpha lists {service}");
    }
    Ok(())
}

async fn a_browser_calls_over_plain_http_1(world: &World) -> anyhow::Result<()> {
    let senco = world.senco(House::Primary).await?;
    let address = world.server().addr().trim_start_matches("http://").to_owned();
    let message = GetStatusRequest::default().encode_to_vec();
    let mut body = vec![0_u8];
    body.extend(u32::try_from(message.len())?.to_be_bytes());
    body.extend(&message);
    let head = format!(
        "POST /onward.operations.v1.OperationsService/GetStatus HTTP/1.1\r\n\
         Host: {address}\r\nConnection: close\r\n\
         Content-Type: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\n\
         Authorization: Bearer {}\r\nX-Request-Id: from-a-browser\r\n\
         Content-Length: {}\r\n\r\n",
        senco.token(),
        body.len()
    );
    let mut connection = TcpStream::connect(&address).await?;
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(&body).await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let lower = text.to_lowercase();
    assert!(lower.contains("content-type: application/grpc-web+proto"), "{text}");
    assert!(lower.contains("x-request-id: from-a-browser"), "it is echoed: {text}");
    assert!(lower.contains("grpc-status:0") || lower.contains("grpc-status: 0"), "{text}");
    Ok(())
}

async fn a_message_that_is_too_large_is_refused_and_the_process_lives(
    world: &World,
) -> anyhow::Result<()> {
    let senco = world.senco(House::Primary).await?;
    let mut request = Child::of_year_6().register();
    request.external_ref = Some("x".repeat(2 * 1024 * 1024));
    let status = senco.learners().register_learner(request).await.expect_err("too large");
    let codes = [Code::ResourceExhausted, Code::OutOfRange];
    assert!(codes.contains(&status.code()), "{:?} {}", status.code(), status.message());
    // Bytes that are no message.
    for method in Method::all().iter().filter(|method| method.name() == "RegisterLearner") {
        let status = raw::call(&senco, method, vec![0xff; 64]).await.expect_err("no message");
        let codes = [Code::Internal, Code::InvalidArgument];
        assert!(codes.contains(&status.code()), "{:?} {}", status.code(), status.message());
    }
    let mut unknown = Method::all().swap_remove(0);
    unknown.path = "/onward.learner.v1.LearnerService/DropAll".to_owned();
    let status = raw::call(&senco, &unknown, Vec::new()).await.expect_err("no such method");
    let told = (status.code(), reason_of(&status));
    let denied = (Code::PermissionDenied, reason::METHOD_NOT_ALLOWED.to_owned());
    assert!(told.0 == Code::Unimplemented || told == denied, "{told:?}");
    assert!(senco.status().await.is_ok(), "the process lives");
    Ok(())
}

async fn the_callers_request_id_comes_back_and_everything_is_bounded(
    world: &World,
) -> anyhow::Result<()> {
    let senco = world.senco(House::Primary).await?;
    let mut request = Request::new(GetStatusRequest::default());
    request.metadata_mut().insert("x-request-id", "mine-7".parse()?);
    let reply = senco.operations().get_status(request).await?;
    let echoed = reply.metadata().get("x-request-id").and_then(|value| value.to_str().ok());
    assert_eq!(echoed, Some("mine-7"));
    // A thousand calls on one connection are answered, each.
    let calls = (0..1000).map(|_| async { senco.status().await.map(|_| ()) });
    let answers = futures::future::join_all(calls).await;
    let shed = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(shed, 0, "within the limit of one connection nothing is refused");
    Ok(())
}
