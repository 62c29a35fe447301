//! What `Cluster::on_msk` sends to log in with IAM, over TLS: the mechanism, and the signature that AWS's own library makes of the
//! credentials in its environment. So it runs in a process of its own, which is this program again.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use dekigoto::{Host as _, SystemHost};
use dekigoto_kafka::{Cluster, KafkaFailure};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::{Deserializer, Value};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::credentials;

const REGION: &str = "eu-central-1";
const AUTHORITY: &[u8] = include_bytes!("../../../../infra/local/tls/ca.crt");
const CERTIFICATE: &[u8] = include_bytes!("../../../../infra/local/tls/server.crt");
const KEY: &[u8] = include_bytes!("../../../../infra/local/tls/server.key");

/// A login takes less.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);

/// Moments around now of which one is that of the login.
const SECONDS: std::ops::RangeInclusive<u64> = 0..=20;

/// The parameters of the signed request that logs in at this host, by AWS's library.
fn signed(host: &str, now: SystemTime) -> Vec<(String, String)> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(900));
    let identity = credentials().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("kafka-cluster")
        .time(now)
        .settings(settings)
        .build()
        .unwrap();
    let url = format!("https://{host}/?Action=kafka-cluster%3AConnect");
    let nothing = SignableBody::Bytes(&[]);
    let request = SignableRequest::new("GET", &url, std::iter::empty(), nothing).unwrap();
    let (instructions, _) = sign(request, &params.into()).unwrap().into_parts();
    let params = instructions.params().iter();
    params.map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
}

fn param<'a>(params: &'a [(String, String)], name: &str) -> &'a str {
    let found = params.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// Names the broker for the process of its own.
const BROKER: &str = "TEST_BROKER";

/// A process that reaches a broker. It is killed when this is dropped.
struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Client {
    /// Runs one test again, with the credentials as Lambda sets them.
    fn start(test: &str, broker: &TcpListener) -> Self {
        let keys = credentials();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", test])
            .env(BROKER, broker.local_addr().unwrap().to_string())
            .env("AWS_ACCESS_KEY_ID", keys.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", keys.secret_access_key())
            .env("AWS_SESSION_TOKEN", keys.session_token().unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

/// The broker, in the process of its own.
#[expect(clippy::disallowed_methods, reason = "the environment names the broker")]
fn broker() -> Option<String> {
    std::env::var(BROKER).ok()
}

/// Does something that needs a connection.
async fn reach(cluster: &Cluster) -> Result<(), KafkaFailure> {
    cluster.create_topic("events", 1).await
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// The next client, over TLS with the certificate of the test's authority.
async fn accepted(listener: &TcpListener) -> std::io::Result<TlsStream<TcpStream>> {
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE).map(Result::unwrap).collect();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap())
        .unwrap();
    let (client, _) = listener.accept().await?;
    TlsAcceptor::from(Arc::new(config)).accept(client).await
}

/// A broker that reads a login and refuses nothing: it returns the mechanism and the payload.
async fn login(listener: &TcpListener) -> (String, Value) {
    let mut client = accepted(listener).await.unwrap();
    let handshake = request(&mut client).await;
    // Its correlation id, no error, and no list of mechanisms.
    let answer = [&10_i32.to_be_bytes()[..], &handshake[4..8], &[0, 0], &[0; 4]].concat();
    client.write_all(&answer).await.unwrap();
    let authenticate = request(&mut client).await;
    let json = authenticate.iter().position(|byte| *byte == b'{').unwrap();
    let payload = Deserializer::from_slice(&authenticate[json..]).into_iter().next();
    let name = &handshake[handshake.len() - "AWS_MSK_IAM".len()..];
    (String::from_utf8(name.to_vec()).unwrap(), payload.unwrap().unwrap())
}

async fn request(client: &mut TlsStream<TcpStream>) -> Vec<u8> {
    let size = client.read_i32().await.unwrap();
    let mut frame = vec![0; usize::try_from(size).unwrap()];
    client.read_exact(&mut frame).await.unwrap();
    frame
}

/// Made by botocore's `SigV4QueryAuth`, from the same keys at the same moment.
#[test]
fn the_signature_to_compare_with_is_that_of_botocore() {
    let now = UNIX_EPOCH + Duration::from_secs(1_795_602_030);
    let params = signed("boot-x.c1.kafka-serverless.eu-central-1.amazonaws.com", now);
    assert_eq!(
        param(&params, "X-Amz-Signature"),
        "127e2f47641433f4c45873d12cd4294c57f47360efaf35c84b33a8b9f8089165"
    );
}

#[tokio::test]
async fn the_login_of_on_msk_has_the_signature_that_aws_makes_of_its_environment() {
    if let Some(broker) = broker() {
        // As a function does, except for the authority that it trusts.
        drop(reach(&Cluster::on_msk(broker, REGION).trusting(AUTHORITY)).await);
        return;
    }
    let listener = listener().await;
    let before = u64::try_from(SystemHost.now().as_millis()).unwrap() / 1000;
    let test = "msk::the_login_of_on_msk_has_the_signature_that_aws_makes_of_its_environment";
    let client = Client::start(test, &listener);
    let (mechanism, payload) = timeout(LOGIN_WITHIN, login(&listener)).await.unwrap();
    drop(client);
    assert_eq!(mechanism, "AWS_MSK_IAM");
    let sent = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
    assert_eq!((sent("version"), sent("host")), ("2020_10_22".to_owned(), "127.0.0.1".to_owned()));
    assert_eq!(sent("action"), "kafka-cluster:Connect");
    let at = |second| signed("127.0.0.1", UNIX_EPOCH + Duration::from_secs(before + second));
    let same_moment = |it: &Vec<_>| param(it, "X-Amz-Date") == sent("x-amz-date");
    let expected = SECONDS.map(at).find(same_moment).expect("the login is of now");
    for (name, value) in &expected {
        assert_eq!(sent(&name.to_lowercase()), *value, "{name}");
    }
    assert_eq!(expected.len(), 7, "{expected:?}");
}

/// It trusts the public authorities, which have not signed this broker's certificate.
#[tokio::test]
async fn on_msk_tells_its_credentials_to_no_broker_that_it_does_not_trust_s17() {
    if let Some(broker) = broker() {
        drop(reach(&Cluster::on_msk(broker, REGION)).await);
        return;
    }
    let listener = listener().await;
    let test = "msk::on_msk_tells_its_credentials_to_no_broker_that_it_does_not_trust_s17";
    let _client = Client::start(test, &listener);
    let refused = timeout(LOGIN_WITHIN, accepted(&listener)).await.unwrap();
    let refused = refused.expect_err("it takes the certificate").to_string();
    assert!(refused.contains("UnknownCA"), "{refused}");
}

/// A request of Kafka comes to a broker with a certificate of its own authority, and over TLS.
#[tokio::test]
async fn a_cluster_with_an_authority_of_its_own_is_reached_over_tls() {
    let listener = listener().await;
    let cluster = Cluster::new(listener.local_addr().unwrap().to_string()).trusting(AUTHORITY);
    let reaching = tokio::spawn(async move { reach(&cluster).await });
    let mut client = timeout(LOGIN_WITHIN, accepted(&listener)).await.unwrap().unwrap();
    let request = timeout(LOGIN_WITHIN, request(&mut client)).await.unwrap();
    reaching.abort();
    assert!(request.windows(8).any(|it| it == b"dekigoto"), "{request:?}");
}
