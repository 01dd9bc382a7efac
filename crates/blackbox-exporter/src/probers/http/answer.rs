//! The last answer: what is told of it, and whether it is what it must be.

use std::time::{Instant, UNIX_EPOCH};

use hyper::header::{self, HeaderMap};
use hyper::{Method, Response, Version};
use log::Level;

use super::Http;
use super::body;
use super::checks;
use super::conversation::follows;
use super::incoming::Body;
use super::redirect::Hop;
use crate::config::HttpModule;
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;

/// An answer to be judged.
pub(super) struct Answer<'a> {
    /// What is learnt.
    pub(super) http: &'a mut Http,
    /// The probe.
    pub(super) probe: &'a Probe<'a>,
    /// What it must be.
    pub(super) module: &'a HttpModule,
    /// The request that it answers.
    pub(super) hop: &'a Hop,
}

impl Answer<'_> {
    /// Judges it. All checks are made, since their metrics are told; what fails first is why the probe fails.
    ///
    /// # Errors
    /// What fails first.
    pub(super) async fn judge(mut self, response: Response<Body>, is_final: bool) -> Result<(), Failure> {
        let (module, log) = (self.module, self.probe.log);
        self.note_head(&response);
        let (head, body) = response.into_parts();
        log.line(
            Level::Debug,
            "Received HTTP response",
            &[("status_code", &self.http.status)],
        );
        let mut result = self.check_status(is_final);
        if result.is_ok() && checks::asks_headers(module) {
            result = checks::headers(log, module, &head.headers);
            self.http.due_to_regex = result.is_err();
        }
        let result = self.judge_body(body, is_final, result).await;
        self.note_end();
        result
            .and(checks::version(log, module, head.version))
            .and_then(|()| checks::tls(log, module, self.http.ssl))
    }

    /// Notes at once what the head tells.
    fn note_head(&mut self, response: &Response<Body>) {
        let http = &mut *self.http;
        http.status = response.status().as_u16();
        http.version = checks::version_of(response.version()).1;
        http.ssl = self.hop.url.is_https();
        http.content_length = content_length(response, &self.hop.method);
        http.last_modified = last_modified(response.headers());
        if let Some(trip) = http.phases.roundtrips.last_mut() {
            trip.reading = true;
        }
    }

    fn note_end(&mut self) {
        if let Some(trip) = self.http.phases.roundtrips.last_mut() {
            trip.end = Some(Instant::now());
        }
    }

    fn check_status(&self, is_final: bool) -> Result<(), Failure> {
        let result = checks::status(self.probe.log, self.module, self.http.status);
        result.map_err(|failure| match is_final || !follows(self.module) {
            true => failure,
            // Whoever follows redirects and does not arrive cares more for that than for the status.
            false => Failure::new(Step::Receive, Reason::Redirects, "too many redirects"),
        })
    }

    /// Reads the body, and judges it if all was well so far. The body of a redirect that is not followed is read only
    /// where something is to be found in it: upstream counts none of it.
    async fn judge_body(&mut self, incoming: Body, is_final: bool, so_far: Result<(), Failure>) -> Result<(), Failure> {
        let (probe, module) = (self.probe, self.module);
        let asks_text = so_far.is_ok() && checks::asks_text(module);
        let asks_json = so_far.is_ok() && checks::asks_json(module);
        let keep = asks_text || asks_json;
        if !is_final && !keep {
            return so_far;
        }
        // As long as it was not found, it counts as missing: the body may break off, or the time be up.
        self.http.due_to_regex |= asks_text;
        self.http.due_to_cel = self.http.due_to_cel.map(|_| asks_json && !asks_text);
        let read = body::read(probe, module, incoming, keep, &self.http.body_length).await;
        let body = match read {
            Ok(body) => body,
            Err(failure) => {
                probe
                    .log
                    .error("Failed to read HTTP response body", &[("err", &failure)]);
                return so_far.and(Err(failure));
            }
        };
        probe.step.set(Step::Validate);
        if asks_text {
            let matched = checks::text(probe.log, module, &body);
            self.http.due_to_regex = matched.is_err();
            matched?;
        }
        if asks_json {
            let matched = checks::json(probe.log, module, &body);
            self.http.due_to_cel = Some(matched.is_err());
            matched?;
        }
        so_far
    }
}

/// What the head says of the body's length; -1 if nothing.
fn content_length(response: &Response<Body>, method: &Method) -> i64 {
    let headers = response.headers();
    let said = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.trim().parse().ok());
    let empty = response.version() == Version::HTTP_2 && response.body().is_over();
    match response.status().as_u16() {
        _ if method == Method::HEAD => said.unwrap_or(-1),
        204 | 304 => 0,
        _ if headers.contains_key(header::TRANSFER_ENCODING) => -1,
        _ => said.unwrap_or(if empty { 0 } else { -1 }),
    }
}

fn last_modified(headers: &HeaderMap) -> Option<f64> {
    let text = headers.get(header::LAST_MODIFIED)?.to_str().ok()?;
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs_f64())
}
