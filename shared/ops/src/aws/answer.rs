//! What AWS answered, and what its errors mean to an operator.

#![expect(clippy::indexing_slicing, reason = "a field that a JSON value lacks reads as null")]

use serde_json::Value;

use super::xml;
use crate::failure::{Failure, Kind};

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
    /// The header `x-amzn-errortype`, or `x-amz-function-error`.
    pub(super) error: Option<String>,
}

/// What was asked, for the text of a failure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The operation with its service, as in a policy: `sqs:ReceiveMessage`.
    pub(super) action: &'a str,
    /// What it is about: a name or a URL.
    pub(super) about: &'a str,
}

/// The error code and message of an answer, in any of the protocols of AWS.
fn error_of(answer: &Answer) -> (String, String) {
    let json: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    let code = text("__type")
        .or_else(|| text("code"))
        .or_else(|| answer.error.clone())
        .or_else(|| xml::first(&answer.body, "Code"))
        .unwrap_or_else(|| format!("status {}", answer.status));
    // `com.amazonaws.sqs#QueueDoesNotExist`, and `AccessDeniedException:http://…`.
    let code = code.rsplit('#').next().unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default().to_owned();
    let message = text("message")
        .or_else(|| text("Message"))
        .or_else(|| xml::first(&answer.body, "Message"))
        .unwrap_or_default();
    (code, message)
}

/// The failure that an answer with an error status is.
pub(super) fn failure(asked: Asked<'_>, answer: &Answer) -> Failure {
    let (code, message) = error_of(answer);
    let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
    let message = message.trim_end_matches('.');
    if has(&["Expired"]) || message.contains("expired") {
        return Failure::expired();
    }
    if has(&[
        "InvalidClientTokenId",
        "UnrecognizedClient",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
    ]) || has(&["IncompleteSignature", "MissingAuthenticationToken", "InvalidSignature"])
    {
        return Failure::unknown_credentials();
    }
    if has(&["AccessDenied", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError"]) {
        return Failure::new(
            Kind::Permission,
            format!("you may not do {} on {}", asked.action, asked.about),
            "ask for this permission, or use another `--profile`",
        );
    }
    if is_missing(&code, message) {
        return Failure::new(
            Kind::NotFound,
            format!("{} does not exist ({})", asked.about, asked.action),
            "check `--stack` and `--region`; if it was deleted, deploy the stack again",
        );
    }
    if has(&["InvalidAction", "UnknownOperation", "NotImplemented", "UnsupportedOperation"])
        || answer.status == 501
    {
        let what = format!("{} is not offered here", asked.action);
        return Failure::new(Kind::Unsupported, what, "use AWS in place of an emulator");
    }
    if has(&["Throttl", "TooManyRequests", "RequestLimit"]) || answer.status >= 500 {
        let what = format!("AWS is too busy for {} ({code})", asked.action);
        return Failure::new(Kind::Unreachable, what, "try again in a minute");
    }
    Failure::new(
        Kind::Refused,
        format!("AWS refused {} on {} ({code}: {message})", asked.action, asked.about),
        "read the message and try again",
    )
}

fn is_missing(code: &str, message: &str) -> bool {
    ["QueueDoesNotExist", "NonExistentQueue", "ResourceNotFound", "NotFound", "NoSuch"]
        .iter()
        .any(|word| code.contains(word))
        || (code == "ValidationError" && message.contains("does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Asked<'static> = Asked { action: "sqs:ReceiveMessage", about: "orders-dlq" };

    fn of(status: u16, body: &str, header: Option<&str>) -> Failure {
        failure(ASKED, &Answer { status, body: body.to_owned(), error: header.map(str::to_owned) })
    }

    #[test]
    fn every_protocols_errors_become_one_sentence_that_says_what_to_do() {
        let query = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token \
                     included in the request is expired</Message></Error></ErrorResponse>";
        for (status, body, header, kind, begins) in [
            (403, query, None, Kind::Credentials, "the credentials have expired: sign in again"),
            (
                403,
                r#"{"__type":"com.amazon#UnrecognizedClientException","message":"The token is invalid."}"#,
                None,
                Kind::Credentials,
                "AWS does not accept these credentials: check",
            ),
            (
                403,
                r#"{"Message":"no"}"#,
                Some("AccessDeniedException:http://x/"),
                Kind::Permission,
                "you may not do sqs:ReceiveMessage on orders-dlq: ask for this permission",
            ),
            (
                400,
                r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The queue does not exist."}"#,
                None,
                Kind::NotFound,
                "orders-dlq does not exist (sqs:ReceiveMessage): check",
            ),
            (
                400,
                "<Error><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error>",
                None,
                Kind::NotFound,
                "orders-dlq does not exist",
            ),
            (
                400,
                r#"{"__type":"InvalidAction","message":"no"}"#,
                None,
                Kind::Unsupported,
                "sqs:ReceiveMessage is not",
            ),
            (
                429,
                r#"{"Type":"User"}"#,
                Some("TooManyRequestsException"),
                Kind::Unreachable,
                "AWS is too busy",
            ),
            (
                502,
                "bad gateway",
                None,
                Kind::Unreachable,
                "AWS is too busy for sqs:ReceiveMessage (status 502)",
            ),
            (
                400,
                r#"{"__type":"ValidationException","message":"limit too high."}"#,
                None,
                Kind::Refused,
                "AWS refused sqs:ReceiveMessage on orders-dlq (ValidationException: limit too high): read",
            ),
        ] {
            let failure = of(status, body, header);
            assert_eq!(failure.kind, kind, "{body}");
            let text = failure.to_string();
            assert!(text.starts_with(begins), "{text}");
            assert!(!text.contains('\n'), "{text}");
        }
    }
}
