//! The metrics of the http prober.

use std::time::{Duration, Instant};

use exposition::{Desc, Encoder};

use super::Http;

const DURATION: Desc<'_> = Desc::gauge(
    "probe_http_duration_seconds",
    "Duration of http request by phase, summed over all redirects",
    &["phase"],
);
const CONTENT_LENGTH: Desc<'_> = Desc::gauge("probe_http_content_length", "Length of http content response", &[]);
const BODY_LENGTH: Desc<'_> = Desc::gauge(
    "probe_http_uncompressed_body_length",
    "Length of uncompressed response body",
    &[],
);
const REDIRECTS: Desc<'_> = Desc::gauge("probe_http_redirects", "The number of redirects", &[]);
const SSL: Desc<'_> = Desc::gauge(
    "probe_http_ssl",
    "Indicates if SSL was used for the final redirect",
    &[],
);
const STATUS_CODE: Desc<'_> = Desc::gauge("probe_http_status_code", "Response HTTP status code", &[]);
const VERSION: Desc<'_> = Desc::gauge(
    "probe_http_version",
    "Returns the version of HTTP of the probe response",
    &[],
);
const DUE_TO_REGEX: Desc<'_> = Desc::gauge(
    "probe_failed_due_to_regex",
    "Indicates if probe failed due to regex",
    &[],
);
const DUE_TO_CEL: Desc<'_> = Desc::gauge(
    "probe_failed_due_to_cel",
    "Indicates if probe failed due to CEL expression not matching",
    &[],
);
const LAST_MODIFIED: Desc<'_> = Desc::gauge(
    "probe_http_last_modified_timestamp_seconds",
    "Returns the Last-Modified HTTP response header in unixtime",
    &[],
);

impl Http {
    /// Writes all that was learnt; as upstream, zeros for what was not.
    pub(super) fn encode_all(&self, out: &mut Encoder) {
        self.encode_phases(out);
        out.scalar(&CONTENT_LENGTH, self.content_length as f64);
        out.scalar(&BODY_LENGTH, self.body_length.get() as f64);
        out.scalar(&REDIRECTS, self.redirects as f64);
        out.scalar(&SSL, flag(self.ssl));
        out.scalar(&STATUS_CODE, f64::from(self.status));
        out.scalar(&VERSION, self.version);
        out.scalar(&DUE_TO_REGEX, flag(self.due_to_regex));
        if let Some(due) = self.due_to_cel {
            out.scalar(&DUE_TO_CEL, flag(due));
        }
        if let Some(modified) = self.last_modified {
            out.scalar(&LAST_MODIFIED, modified);
        }
    }

    fn encode_phases(&self, out: &mut Encoder) {
        let sums = self.phases.sums(Instant::now());
        let rest = sums.rest;
        let phases = [
            ("connect", rest.map(|rest| rest.connect)),
            ("processing", rest.map(|rest| rest.processing)),
            ("resolve", sums.resolve),
            ("tls", rest.map(|rest| rest.tls)),
            ("transfer", rest.map(|rest| rest.transfer)),
        ];
        let mut family = out.family(&DURATION);
        for (phase, took) in phases {
            if let Some(took) = took.as_ref().map(Duration::as_secs_f64) {
                family.sample(&[phase], took);
            }
        }
    }
}

fn flag(set: bool) -> f64 {
    f64::from(u8::from(set))
}
