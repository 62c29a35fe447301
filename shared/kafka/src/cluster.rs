//! How to reach a cluster.

use std::{fmt, sync::Arc, time::Duration};

use krafka::{
    Kafka,
    admin::{CreateTopicsOptions, NewTopic},
    auth::{AuthConfig, AwsMskIamCredentials, TlsConfig},
    error::{ErrorCode, KrafkaError},
};

use crate::failure::KafkaFailure;

/// Time for one request. Shorter than the relay waits for a bus, so that the more detailed error comes first.
pub(crate) const REQUEST_TIME_MAX: Duration = Duration::from_secs(2);

const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);

/// A Kafka cluster, and how to reach it. Nothing is connected before the first use.
#[derive(Clone)]
pub struct Cluster(Arc<Settings>);

struct Settings {
    brokers: String,
    security: AuthConfig,
}

impl Cluster {
    /// The cluster with these brokers, such as `127.0.0.1:9092,127.0.0.1:9093`, without TLS.
    #[must_use]
    pub fn new(brokers: impl Into<String>) -> Self {
        Self::with(brokers.into(), AuthConfig::plaintext())
    }

    /// A cluster of Amazon MSK with TLS and IAM, in this region. The credentials are those of the function's role, from the
    /// environment variables that Lambda sets.
    #[must_use]
    pub fn on_msk(brokers: impl Into<String>, region: impl Into<String>) -> Self {
        let region = region.into();
        // Asked again for each connection.
        let credentials = move || {
            let region = region.clone();
            async move { AwsMskIamCredentials::from_env_with_region(region) }
        };
        Self::with(brokers.into(), AuthConfig::aws_msk_iam_provider(credentials))
    }

    /// The same cluster, over TLS, whose certificate one of these authorities must have signed (PEM), and no public one.
    #[must_use]
    pub fn trusting(&self, authorities: &[u8]) -> Self {
        let tls = TlsConfig::new().with_ca_cert_pem(authorities);
        Self::with(self.0.brokers.clone(), self.0.security.clone().with_tls(tls))
    }

    fn with(brokers: String, security: AuthConfig) -> Self {
        Self(Arc::new(Settings { brokers, security }))
    }

    /// Creates a topic, unless it exists. For development and tests: on a real cluster, its operator creates topics, with
    /// replicas.
    ///
    /// # Errors
    /// [`KafkaFailure`].
    pub async fn create_topic(&self, name: &str, partitions: i32) -> Result<(), KafkaFailure> {
        let failed = |error| KafkaFailure::of(&error);
        let topic = NewTopic::new(name, partitions, 1).map_err(failed)?;
        let admin = self.connect().await?.admin();
        let created = admin.create_topics([topic], CreateTopicsOptions::default()).await;
        for outcome in created.map_err(failed)?.into_values() {
            match outcome {
                Ok(_) | Err(KrafkaError::Broker { code: ErrorCode::TopicAlreadyExists, .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Kafka, KafkaFailure> {
        let kafka = Kafka::builder(&*self.0.brokers)
            .client_id("dekigoto")
            .security(self.0.security.clone())
            .request_timeout(REQUEST_TIME_MAX)
            .connect_timeout(CONNECT_TIME_MAX)
            .connect()
            .await;
        kafka.map_err(|error| KafkaFailure::of(&error))
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("brokers", &self.0.brokers).finish_non_exhaustive()
    }
}
