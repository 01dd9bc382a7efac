//! The course of a probe: the target's address, one roundtrip after the other, and the last answer.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Instant;

use hyper::header;
use log::Level;

use super::Http;
use super::answer::Answer;
use super::checks;
use super::connect::{Offer, Route, without_name};
use super::cookies::Jar;
use super::exchange::{Exchange, exchange};
use super::oauth2;
use super::proxy::Proxies;
use super::redirect::{self, Hop, MOST_REDIRECTS};
use super::request::{Template, place};
use super::target::Url;
use crate::config::{HttpModule, IpChoice};
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;

/// A probe in progress. When it ends, however it ends, the moments of its roundtrips are told.
pub(super) struct Conversation<'p> {
    http: &'p mut Http,
    probe: &'p Probe<'p>,
    module: &'p HttpModule,
    jar: Jar,
}

impl Drop for Conversation<'_> {
    fn drop(&mut self) {
        self.http.phases.log(self.probe.log);
    }
}

/// The target by name, and by the address that stands for it in the first request.
struct Target {
    name: String,
    authority: String,
    first: Url,
}

impl Target {
    /// The name of an address' host.
    fn name_of(&self, url: &Url) -> String {
        match url.host == self.first.host {
            true => self.name.clone(),
            false => url.host.clone(),
        }
    }
}

impl<'p> Conversation<'p> {
    /// A probe that is to begin.
    pub(super) fn new(http: &'p mut Http, probe: &'p Probe<'p>) -> Self {
        let module = &probe.module.http;
        http.due_to_cel = checks::asks_json(module).then_some(false);
        Self {
            http,
            probe,
            module,
            jar: Jar::default(),
        }
    }

    /// Carries it out.
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let (module, probe) = (self.module, self.probe);
        let proxies = Proxies::of_module(module)?;
        let target = self.find_target().await?;
        let mut template = Template::new(module)
            .inspect_err(|failure| probe.log.error("Error creating request", &[("err", failure)]))?;
        self.http.phases.prepared = true;
        let answered = match self.authorize(&mut template).await {
            Ok(()) => self.follow(&target, &template, &proxies).await,
            Err(failure) => Err(failure),
        };
        let (hop, last, followed) =
            answered.inspect_err(|failure| probe.log.error("Error for HTTP request", &[("err", failure)]))?;
        let Exchange { response, tasks } = last;
        let result = Answer {
            http: &mut *self.http,
            probe,
            module,
            hop: &hop,
        }
        .judge(response, followed)
        .await;
        drop(tasks);
        result
    }

    /// Reads the target, and finds its address unless a proxy will.
    async fn find_target(&mut self) -> Result<Target, Failure> {
        let probe = self.probe;
        let text = match probe.target.starts_with("http://") || probe.target.starts_with("https://") {
            true => probe.target.to_owned(),
            false => format!("http://{}", probe.target),
        };
        let mut url = Url::parse(&text).map_err(|error| {
            probe.log.error("Could not parse target URL", &[("err", &error)]);
            Failure::new(
                Step::Prepare,
                Reason::BadTarget,
                format!("the target makes no sense: {error}"),
            )
        })?;
        if self.module.enable_http3 && url.scheme == "http" {
            let message = "Converting HTTP to HTTPS for HTTP/3 compatibility";
            let original = [("original_target", &url.shown() as &dyn std::fmt::Display)];
            probe.log.line(Level::Warn, message, &original);
            url.scheme = "https".to_owned();
        }
        let mut first = url.clone();
        if !self.proxy_resolves() {
            first.host = self.resolve(&url.host).await?.to_string();
        }
        Ok(Target {
            authority: url.authority(),
            name: url.host,
            first,
        })
    }

    fn proxy_resolves(&self) -> bool {
        let proxy = self.module.proxy_url.as_ref().is_some_and(|url| !url.is_empty());
        self.module.skip_resolve_phase_with_proxy && proxy && !self.module.proxy_from_environment
    }

    async fn resolve(&mut self, host: &str) -> Result<IpAddr, Failure> {
        let started = Instant::now();
        self.http.phases.lookup_started = Some(started);
        let address = match host {
            "" => Err(Failure::new(
                Step::Prepare,
                Reason::BadTarget,
                "the target names no host",
            )),
            host => self.probe.resolve(host, self.module.ip_choice()).await,
        };
        let found = self.probe.found.borrow().lookup;
        self.http.phases.lookup = Some(found.unwrap_or_else(|| started.elapsed()));
        address.inspect_err(|failure| self.probe.log.error("Error resolving address", &[("err", failure)]))
    }

    async fn authorize(&self, template: &mut Template) -> Result<(), Failure> {
        if let Some(oauth2) = &self.module.oauth2 {
            let choice = IpChoice {
                fallback: true,
                ..self.module.ip_choice()
            };
            template.authorize(oauth2::authorization(self.probe, oauth2, choice).await?);
        }
        Ok(())
    }

    /// Asks, and follows redirects. What comes back is the last request, its answer, and whether that is a final one: not
    /// a redirect that was not followed.
    async fn follow(
        &mut self,
        target: &Target,
        template: &Template,
        proxies: &Proxies<'_>,
    ) -> Result<(Hop, Exchange, bool), Failure> {
        let virtual_host = self.virtual_host();
        let mut hop = Hop {
            url: target.first.clone(),
            host: Some(virtual_host.unwrap_or(&target.authority).to_owned()),
            method: template.method.clone(),
            with_body: true,
            stranger: false,
            referer: None,
        };
        loop {
            let exchanged = self.roundtrip(target, &hop, template, proxies).await?;
            match self.next(target, &hop, &exchanged)? {
                Next::Final => return Ok((hop, exchanged, true)),
                Next::NotFollowed => return Ok((hop, exchanged, false)),
                Next::Hop(next) => hop = *next,
            }
        }
    }

    /// The host to ask for: the request's `hostname`, or the module's header.
    fn virtual_host(&self) -> Option<&'p str> {
        let mut headers = self.module.headers.iter();
        let of_module = headers
            .find(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, value)| value.as_str());
        self.probe.hostname.or(of_module)
    }

    async fn roundtrip(
        &mut self,
        target: &Target,
        hop: &Hop,
        template: &Template,
        proxies: &Proxies<'_>,
    ) -> Result<Exchange, Failure> {
        let probe = self.probe;
        self.check_scheme(hop)?;
        self.announce(target, hop);
        let at_first = hop.url.authority() == target.first.authority();
        let name = target.name_of(&hop.url);
        let tls = match at_first {
            true => Cow::Borrowed(&self.module.tls_config),
            false => Cow::Owned(without_name(&self.module.tls_config)),
        };
        let route = Route {
            url: &hop.url,
            name: &name,
            proxies,
            tls_name: if at_first { self.tls_name(&name) } else { &hop.url.host },
            tls: &tls,
            offer: Offer::of(self.module),
            choice: self.module.ip_choice(),
        };
        let trip = self.http.phases.begin();
        let way = route.go(probe, trip).await?;
        let request = template.request(hop, &self.jar, &name, &way)?;
        exchange(probe, way.carrier, way.version, request, &trip.first_byte).await
    }

    fn announce(&self, target: &Target, hop: &Hop) {
        let (log, host) = (self.probe.log, hop.host.as_deref().unwrap_or_default());
        let (first, address) = (target.first.authority(), hop.url.authority());
        log.line(
            Level::Debug,
            "Making HTTP request",
            &[("url", &hop.url.shown()), ("host", &host)],
        );
        if first != address {
            let message = "Address does not match first address, not sending TLS ServerName";
            log.line(Level::Debug, message, &[("first", &first), ("address", &address)]);
        }
    }

    /// The name that the first host's certificate must have.
    fn tls_name<'n>(&self, name: &'n str) -> &'n str
    where
        'p: 'n,
    {
        match self.module.tls_config.server_name.as_str() {
            "" => self.virtual_host().map_or(name, without_port),
            name => name,
        }
    }

    fn check_scheme(&self, hop: &Hop) -> Result<(), Failure> {
        if matches!(hop.url.scheme.as_str(), "http" | "https") {
            return Ok(());
        }
        let text = format!("unsupported protocol scheme {:?}", hop.url.scheme);
        Err(Failure::new(Step::Receive, Reason::Redirects, text))
    }

    /// What an answer asks to do.
    fn next(&mut self, target: &Target, hop: &Hop, exchanged: &Exchange) -> Result<Next, Failure> {
        let headers = exchanged.response.headers();
        let name = target.name_of(&hop.url);
        for cookie in headers.get_all(header::SET_COOKIE) {
            self.jar
                .set(&String::from_utf8_lossy(cookie.as_bytes()), place(hop, &name));
        }
        let Some(change) = redirect::change(exchanged.response.status(), &hop.method) else {
            return Ok(Next::Final);
        };
        let Some(location) = headers.get(header::LOCATION).filter(|location| !location.is_empty()) else {
            return Ok(Next::Final);
        };
        let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
        let url = hop.url.join(&location).map_err(|error| {
            let text = format!("failed to parse Location header {location:?}: {error}");
            Failure::new(Step::Receive, Reason::Redirects, text)
        })?;
        self.probe
            .log
            .line(Level::Warn, "Received redirect", &[("location", &url.shown())]);
        self.http.redirects += 1;
        if self.http.redirects > MOST_REDIRECTS || !follows(self.module) {
            self.probe.log.line(Level::Warn, "Not following redirect", &[]);
            return Ok(Next::NotFollowed);
        }
        let next = hop.next(change, url, &location, &target.name, |url| target.name_of(url));
        Ok(Next::Hop(Box::new(next)))
    }
}

enum Next {
    Final,
    NotFollowed,
    Hop(Box<Hop>),
}

/// Whether the module follows redirects; the older key is the opposite of the newer.
pub(super) fn follows(module: &HttpModule) -> bool {
    match (module.no_follow_redirects, module.follow_redirects) {
        (Some(not), _) => !not,
        (None, follows) => follows.unwrap_or(true),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.contains(':') => name,
        _ => host,
    }
}
