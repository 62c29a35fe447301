//! What a client of Amazon MSK sends to log in with IAM, over TLS: the mechanism, and the signature that AWS's own library makes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use dekigoto::{Host as _, SystemHost};
use krafka::{
    Kafka,
    auth::{AuthConfig, AwsMskIamCredentials, TlsConfig},
};
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

/// A broker that reads a login and refuses nothing: it returns the mechanism and the payload.
async fn login(listener: TcpListener) -> (String, Value) {
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE).map(Result::unwrap).collect();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap())
        .unwrap();
    let (client, _) = listener.accept().await.unwrap();
    let mut client = TlsAcceptor::from(Arc::new(config)).accept(client).await.unwrap();
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
async fn the_login_at_msk_has_the_signature_that_aws_makes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let keys = credentials();
    let keys = AwsMskIamCredentials::new(keys.access_key_id(), keys.secret_access_key(), REGION)
        .with_session_token(keys.session_token().unwrap());
    // As `Cluster::on_msk`, except for the authority that it trusts.
    let security = AuthConfig::aws_msk_iam_with_credentials(keys)
        .with_tls(TlsConfig::new().with_ca_cert_pem(AUTHORITY));
    let before = u64::try_from(SystemHost.now().as_millis()).unwrap() / 1000;
    let connecting = tokio::spawn(async move {
        drop(Kafka::builder(&*address).security(security).connect().await);
    });
    let (mechanism, payload) = timeout(LOGIN_WITHIN, login(listener)).await.unwrap();
    connecting.abort();
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
