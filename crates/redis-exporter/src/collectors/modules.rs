//! Modules that the target has loaded, and what they tell of themselves. From INFO MODULES.

use exposition::Desc;

use super::info::{Info, encode, part};
use super::{Question, Seen};
use crate::connection::Reply;
use crate::output::Output;
use crate::settings::Options;

/// All of them.
pub(super) const QUESTION: Question = Question {
    name: "INFO MODULES",
    words: |options| options.modules.then(|| vec!["INFO", "MODULES"]),
    tell,
};

const LABELS: [&str; 6] = ["api", "filters", "name", "usedby", "using", "ver"];
const MODULE: Desc<'_> = Desc::gauge("module_info", "Information about loaded Redis module", &LABELS);

/// `module:name=search,ver=80001,api=1,filters=0,usedby=[],using=[ReJSON],options=[handle-io-errors]`, then the modules'
/// own fields.
fn tell(reply: &Reply<'_>, _options: &Options, seen: &mut Seen<'_>, out: &mut Output<'_>) {
    let Some(text) = reply.text() else { return };
    let info = Info::new(&text);
    let modules = || info.lines().filter(|(_, field, _)| *field == "module");
    out.family(&MODULE, |family| {
        for (.., value) in modules() {
            let values = LABELS.map(|label| part(value, label).unwrap_or_default());
            family.sample(&values, 1.0);
        }
    });
    for (_, field, value) in info.lines() {
        // Some servers tell of modules in INFO ALL already.
        if seen.info.value(field).is_none() {
            encode(field, value, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::options;
    use crate::output::testing::samples;
    use std::time::SystemTime;

    #[test]
    fn modules_tell_what_they_are_and_how_they_fare() {
        let text = "# Modules\r\nmodule:name=search,ver=80001,api=1,filters=0,usedby=[],using=[ReJSON|x],options=[]\r\n\
                    module:name=old,ver=1\r\n\r\n# search_version\r\nsearch_version:8.0.1\r\n# search_index\r\n\
                    search_number_of_indexes:2\r\nsearch_total_indexing_time:1.5\r\nsearch_dialect_1:7\r\n";
        let reply = Reply::Text(text.as_bytes());
        let mut seen = Seen::new("# Modules\r\nsearch_dialect_1:9\r\n", SystemTime::UNIX_EPOCH);
        let lines = samples(|out| tell(&reply, &options(&[]), &mut seen, out));
        let expected = [
            r#"redis_module_info{api="",filters="",name="old",usedby="",using="",ver="1"} 1"#,
            r#"redis_module_info{api="1",filters="0",name="search",usedby="[]",using="[ReJSON|x]",ver="80001"} 1"#,
            "redis_search_indexing_time_ms_total 1.5",
            "redis_search_number_of_indexes 2",
        ];
        assert_eq!(lines, expected);
    }
}
