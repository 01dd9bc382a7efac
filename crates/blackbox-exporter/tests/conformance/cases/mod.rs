//! The tables of behaviours, one file a topic.

mod dns;
mod faults;
mod grpc;
mod http_answers;
mod http_checks;
mod http_requests;
mod icmp;
mod redirects;
mod tcp;
mod tls;
mod unix;

use std::collections::BTreeSet;

use crate::case::Case;

/// All of them. Each has a name of its own.
pub(crate) fn all() -> Vec<Case> {
    let topics = [
        dns::cases(),
        faults::cases(),
        grpc::cases(),
        http_answers::cases(),
        http_checks::cases(),
        http_requests::cases(),
        icmp::cases(),
        redirects::cases(),
        tcp::cases(),
        tls::cases(),
        unix::cases(),
    ];
    let cases = topics.concat();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    cases
}
