//! The database and the cluster that the settings name.

use std::sync::Arc;

use dekigoto_kafka::Cluster;
use dekigoto_lambda::{Config, aws};
use dekigoto_postgres::{Postgres, RdsPlace, tls_trusting};
use lambda_runtime::Error;

use crate::RdsTokens;

const PORT: u16 = 5432;

const URL: &str = "DATABASE_URL";
const IN_AWS: [&str; 3] = ["DATABASE_HOST", "DATABASE_USER", "DATABASE_NAME"];

/// Reads the settings of a function, and those of its database.
pub(crate) fn settings(own: &[&'static str]) -> Result<Config, Error> {
    let url = Config::from_env(&[])?.with_default(URL, "");
    if url.text(URL).is_empty() {
        return Ok(Config::from_env(&[&IN_AWS, own].concat())?.with_default(URL, ""));
    }
    Ok(Config::from_env(&[&[URL], own].concat())?)
}

/// The database. Nothing is connected before the first statement.
pub(crate) fn database(config: &Config) -> Result<Postgres, Error> {
    let url = config.text(URL);
    if !url.is_empty() {
        return Postgres::new(url, None).map_err(|failure| failure.cause.into());
    }
    let [host, user, database] = IN_AWS.map(|name| config.text(name).to_owned());
    let place = RdsPlace { host, port: PORT, user, database };
    let aws = aws::sdk_config()?;
    let region = aws.region().map(ToString::to_string).unwrap_or_default();
    let credentials = aws.credentials_provider().ok_or("this function has no credentials")?;
    let tokens = RdsTokens::new(place.clone(), region, credentials);
    let tls = tls_trusting(aws::AMAZON_ROOTS).map_err(|failure| failure.cause)?;
    Ok(Postgres::on_rds_proxy(&place, tls, Arc::new(tokens)))
}

/// The cluster, over TLS and with IAM unless the setting `KAFKA_AUTH` is `none`.
pub(crate) fn cluster(config: &Config) -> Result<Cluster, Error> {
    let brokers = config.text("KAFKA_BROKERS");
    match config.text("KAFKA_AUTH") {
        "iam" => {
            let aws = aws::sdk_config()?;
            let region = aws.region().map(ToString::to_string).unwrap_or_default();
            Ok(Cluster::on_msk(brokers, region))
        }
        "none" => Ok(Cluster::new(brokers)),
        other => Err(format!("KAFKA_AUTH is iam or none, not {other:?}").into()),
    }
}
