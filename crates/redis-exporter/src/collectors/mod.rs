//! What a target says, and the metrics that it becomes: one file is one source. They are pure; what takes more than one
//! question asks through a [`Session`].

mod budget;
mod clients;
mod cluster_info;
mod commandstats;
mod config;
mod count_keys;
mod errorstats;
mod info;
mod key_details;
mod key_groups;
mod key_search;
mod keys;
mod keyspace;
mod latency;
mod modules;
mod rdb_file;
mod replication;
mod scripts;
mod search;
mod seen;
mod sentinel;
mod server;
mod session;
mod slowlog;
mod streams;
mod tile38;

pub(crate) use self::clients::QUESTION as CLIENT_LIST;
pub(crate) use self::cluster_info::tell as tell_cluster;
pub(crate) use self::seen::Seen;
use self::session::Dialogue;
pub(crate) use self::session::Session;
pub(crate) use self::streams::tell_all as tell_streams;
use crate::connection::Reply;
use crate::output::Output;
use crate::settings::Options;

/// A question that depends on no answer: all of them go out with INFO.
pub(crate) struct Question {
    /// What people may read of it.
    pub(crate) name: &'static str,
    /// Its words; `None`: it is not to be asked.
    pub(crate) words: fn(&Options) -> Option<Vec<&str>>,
    /// Writes what the reply says. A refusal does not get here.
    pub(crate) tell: fn(&Reply<'_>, &Options, &mut Seen<'_>, &mut Output<'_>),
}

/// In the order in which they are asked.
pub(crate) const QUESTIONS: &[Question] = &[
    config::QUESTION,
    latency::LATEST,
    latency::HISTOGRAM,
    slowlog::LENGTH,
    slowlog::LAST,
    clients::QUESTION,
    tile38::QUESTION,
    modules::QUESTION,
];

/// In the order in which they are held, after all else.
pub(crate) const DIALOGUES: &[Dialogue] = &[
    cluster_info::DIALOGUE,
    rdb_file::DIALOGUE,
    keys::DIALOGUE,
    streams::DIALOGUE,
    count_keys::DIALOGUE,
    key_groups::DIALOGUE,
    sentinel::MASTERS,
    sentinel::CONFIG,
    search::DIALOGUE,
    scripts::DIALOGUE,
];

/// What INFO says, section by section.
const SECTIONS: &[fn(&Seen<'_>, &Options, &mut Output<'_>)] = &[
    info::tell,
    server::tell,
    replication::tell,
    commandstats::tell,
    latency::tell_percentiles,
    errorstats::tell,
    keyspace::tell,
    sentinel::tell,
];

/// Writes what INFO says.
pub(crate) fn tell_info(seen: &Seen<'_>, options: &Options, out: &mut Output<'_>) {
    for tell in SECTIONS {
        tell(seen, options, out);
    }
}

/// What collectors make of INFO, for their tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::Seen;
    use crate::output::Output;
    use crate::output::testing::samples;
    use crate::settings::Options;
    use crate::settings::tests::settings;
    use std::time::SystemTime;

    /// The options that these flags choose.
    pub(crate) fn options(args: &[&str]) -> Options {
        settings(args).ok().unwrap().options
    }

    /// The samples that `tell` makes of this text.
    pub(crate) fn told(info: &str, args: &[&str], tell: fn(&Seen<'_>, &Options, &mut Output<'_>)) -> Vec<String> {
        let seen = Seen::new(info, SystemTime::UNIX_EPOCH);
        samples(|out| tell(&seen, &options(args), out))
    }
}
