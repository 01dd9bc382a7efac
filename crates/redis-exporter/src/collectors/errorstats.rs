//! How often which error was answered. From INFO's section Errorstats, Redis 6.2 and later.

use exposition::Desc;

use super::Seen;
use super::info::number;
use crate::output::Output;
use crate::settings::Options;

const ERRORS: Desc<'_> = Desc::counter("errors_total", "Total number of errors per error type", &["err"]);

/// Writes lines such as `errorstat_NOAUTH:count=3`.
pub(super) fn tell(seen: &Seen<'_>, _options: &Options, out: &mut Output<'_>) {
    out.family(&ERRORS, |family| {
        for (field, value) in seen.info.section("Errorstats") {
            if let (Some(error), Some(count)) = (field.strip_prefix("errorstat_"), number(value, "count")) {
                family.sample(&[error], count);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::told;

    #[test]
    fn errors_are_counted_by_their_first_word() {
        let info =
            "# Errorstats\nerrorstat_ERR:count=4\nerrorstat_WRONGPASS:count=2\nerrorstat_X:count=x\nERR:count=1\n";
        let expected = [
            r#"redis_errors_total{err="ERR"} 4"#,
            r#"redis_errors_total{err="WRONGPASS"} 2"#,
        ];
        assert_eq!(told(info, &[], tell), expected);
    }
}
