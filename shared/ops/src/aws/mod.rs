//! The caller's AWS account, through signed calls. The commands need few operations of many services, so each operation
//! is one small function over [`Caller`], and no SDK crate but DynamoDB's is compiled.

mod answer;
mod call;
mod cloud;
mod metric;
mod sign;
mod xml;

pub(crate) use call::{Caller, Options};
pub(crate) use cloud::AwsCloud;
