//! A commit as a DynamoDB item.

use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use dekigoto::{Commit, Corrupt, StoredCommit};

use crate::Item;

/// The attributes of a commit.
pub(crate) fn item_of(commit: &Commit) -> Item {
    let StoredCommit { pk, sk, v, at, ev, key, fp, act, cor, cau, tp, sn } = commit.into();
    let texts =
        [("pk", pk), ("ev", ev), ("key", key), ("fp", fp.into()), ("act", act), ("cor", cor)];
    let optional = [("cau", cau), ("tp", tp), ("sn", sn)];
    let optional = optional.into_iter().filter_map(|(name, text)| Some((name, text?)));
    let texts = texts.into_iter().chain(optional);
    let texts = texts.map(|(name, text)| (name.to_owned(), AttributeValue::S(text)));
    let numbers = [("sk", sk.to_string()), ("v", v.to_string()), ("at", at.to_string())];
    let numbers = numbers.map(|(name, digits)| (name.to_owned(), AttributeValue::N(digits)));
    texts.chain(numbers).collect()
}

/// Decodes an item, or says which item is not a commit, and why. Nothing is guessed.
pub(crate) fn commit_of(item: Item) -> Result<Commit, Corrupt> {
    let (stream, ordinal) = place_of(&item);
    let stored = Attributes(item).commit();
    let stored = stored.map_err(|fault| Corrupt { stream, ordinal, what: fault.to_string() })?;
    Commit::try_from(stored)
}

/// What is wrong with an attribute. It names the attribute and never a value, which a customer may have written.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("attribute {0:?} is missing")]
    Missing(&'static str),
    #[error("attribute {0:?} is not a text")]
    NotText(&'static str),
    #[error("attribute {0:?} is not a number that fits")]
    NotNumber(&'static str),
}

/// The attributes of an item, to be taken out one by one.
struct Attributes(Item);

impl Attributes {
    fn commit(mut self) -> Result<StoredCommit, Fault> {
        Ok(StoredCommit {
            pk: self.text("pk")?,
            sk: self.number("sk")?,
            v: self.number("v")?,
            at: self.number("at")?,
            ev: self.text("ev")?,
            key: self.text("key")?,
            fp: self.text("fp")?.into(),
            act: self.text("act")?,
            cor: self.text("cor")?,
            cau: self.optional("cau")?,
            tp: self.optional("tp")?,
            sn: self.optional("sn")?,
        })
    }

    fn optional(&mut self, name: &'static str) -> Result<Option<String>, Fault> {
        match self.0.remove(name) {
            None | Some(AttributeValue::Null(_)) => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::NotText(name)),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<String, Fault> {
        self.optional(name)?.ok_or(Fault::Missing(name))
    }

    fn number<T: FromStr>(&mut self, name: &'static str) -> Result<T, Fault> {
        match self.0.remove(name) {
            None => Err(Fault::Missing(name)),
            Some(AttributeValue::N(digits)) => digits.parse().map_err(|_| Fault::NotNumber(name)),
            Some(_) => Err(Fault::NotNumber(name)),
        }
    }
}
/// Stream and ordinal, as far as the item's key is readable: an error must name an item that cannot be decoded.
pub(crate) fn place_of(item: &Item) -> (String, Option<u64>) {
    let stream = match item.get("pk") {
        Some(AttributeValue::S(stream)) => stream.clone(),
        Some(_) | None => "?".to_owned(),
    };
    let ordinal = match item.get("sk") {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        Some(_) | None => None,
    };
    (stream, ordinal)
}
