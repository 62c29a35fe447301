//! The commits of one stream, as the commands read them.

use dekigoto::{Commit, EventStore, Ordinal, ReadFrom, StreamId};

use crate::{
    failure::{Failure, of_store},
    out::{Report, Tone},
};

/// Commits of a stream that one command shows.
pub(super) const COMMITS_MAX: usize = 10_000;

/// Commits in one read.
const COMMITS_PER_READ: u32 = 100;

/// The first commits of a stream.
pub(super) struct First {
    stream: String,
    pub(super) commits: Vec<Commit>,
    /// Whether the stream goes on.
    pub(super) is_cut: bool,
}

impl First {
    /// At most `max` commits.
    pub(super) async fn read(
        store: &dyn EventStore,
        stream: &StreamId,
        max: usize,
    ) -> Result<Self, Failure> {
        let mut commits: Vec<Commit> = Vec::new();
        let mut from = Ordinal::FIRST;
        while commits.len() <= max {
            let page = store.read(stream, ReadFrom::Up(from), COMMITS_PER_READ).await;
            let page = page.map_err(|error| of_store(&error))?;
            let Some(last) = page.last().map(Commit::ordinal) else { break };
            from = last.plus(1);
            commits.extend(page);
        }
        let is_cut = commits.len() > max;
        commits.truncate(max);
        Ok(Self { stream: stream.key(), commits, is_cut })
    }
}

/// Says which streams go on after the commits that the command has read. Nothing is left out in silence.
pub(super) fn tell_cut(report: &mut Report, read: &[First]) {
    let cut: Vec<&First> = read.iter().filter(|it| it.is_cut).collect();
    for First { stream, commits, .. } in &cut {
        let text = format!("{stream} goes on: only its first {} commits were read", commits.len());
        report.line(Tone::Bad, text);
    }
    report.field("cut", cut.iter().map(|it| &it.stream).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Bank;

    #[tokio::test]
    async fn a_stream_that_goes_on_is_told() {
        let bank = Bank::new();
        bank.deposit("a", &[1; 4]).await;
        let stream = StreamId::new("Account", "a").unwrap();
        for (max, is_cut) in [(3, true), (4, false), (5, false)] {
            let first = First::read(&*bank.desk.ports.store, &stream, max).await.unwrap();
            assert_eq!((first.commits.len(), first.is_cut), (max.min(4), is_cut));
            let mut report = Report::default();
            tell_cut(&mut report, &[first]);
            let told = report.text(false).contains("Account#a goes on: only its first 3 commits");
            assert_eq!(told, is_cut);
            assert_eq!(report.json()["cut"].as_array().unwrap().len(), usize::from(is_cut));
        }
    }
}
