//! A Prometheus of the test's own: it says the same of any expression, but for a few that it knows.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

/// A name that no exporter lets pass, but who knows.
pub(crate) const EVIL: &str = "<img src=x onerror=window.hit=1>'&\"";

pub(crate) struct Fake {
    pub(crate) url: String,
    asked: Arc<AtomicUsize>,
}

/// What is answered to a question: a path and a body.
type Answers = fn(&str, &str) -> (u16, Value);

impl Fake {
    pub(crate) fn start() -> Self {
        Self::answering(answer)
    }

    /// One that has three series for whatever it is asked, with long names: for real dashboards.
    pub(crate) fn of_everything() -> Self {
        Self::answering(everything)
    }

    fn answering(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let count = Arc::clone(&count);
                std::thread::spawn(move || converse(&stream, &count, answers));
            }
        });
        Self { url, asked }
    }

    /// How many questions came.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn converse(stream: &TcpStream, count: &AtomicUsize, answers: Answers) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut first = String::new();
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
            if first.is_empty() {
                first.clone_from(&line);
            }
            if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().expect("a number");
            }
            line.clear();
        }
        let Some(path) = first.split(' ').nth(1) else { return };
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the body");
        count.fetch_add(1, Ordering::Relaxed);
        let (status, answer) = answers(path, &String::from_utf8(body).expect("text"));
        let answer = answer.to_string();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", answer.len());
        let mut stream = stream;
        if stream.write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

/// Of a form; empty where it is not.
fn field(body: &str, name: &str) -> String {
    let found = form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn answer(path: &str, body: &str) -> (u16, Value) {
    let field = |name: &str| field(body, name);
    let expr = field("query");
    if expr.contains("broken(") {
        let error = "1:1: parse error: unknown function with name \"broken\"";
        return (400, json!({"status": "error", "errorType": "bad_data", "error": error}));
    }
    let data = match path.split('?').next().unwrap_or_default() {
        "/api/v1/label/job/values" => json!(["api", "db", EVIL]),
        "/api/v1/query" => json!({"resultType": "vector", "result": instant(&expr)}),
        "/api/v1/query_range" => {
            let number = |name| field(name).parse::<f64>().expect("a number");
            let result = range(&expr, number("start"), number("end"), number("step"));
            json!({"resultType": "matrix", "result": result})
        }
        "/api/v1/alerts" => json!({"alerts": []}),
        other => return (404, json!({"status": "error", "error": format!("no {other}")})),
    };
    (200, json!({"status": "success", "data": data}))
}

fn jobs(expr: &str) -> Vec<&str> {
    ["api", "db", EVIL]
        .into_iter()
        .filter(|job| expr.contains("job=~\".*\"") || expr.contains(&format!("\"{job}\"")))
        .collect()
}

fn instant(expr: &str) -> Vec<Value> {
    let one = |job: &&str| json!({"metric": {"__name__": "up", "job": job, "instance": "a:1"}, "value": [1_700_000_000, "1"]});
    jobs(expr).iter().map(one).collect()
}

fn range(expr: &str, start: f64, end: f64, step: f64) -> Vec<Value> {
    if expr.contains("nothing") {
        return Vec::new();
    }
    let count = ((end - start) / step) as usize;
    let buckets = if expr.contains("_bucket") {
        vec!["0.1", "1", "+Inf"]
    } else {
        vec![""]
    };
    let mut series = Vec::new();
    for (index, job) in jobs(expr).iter().enumerate() {
        for (height, le) in buckets.iter().enumerate() {
            let value = |place: usize| {
                let wave = (place as f64 / 20.0 + index as f64).sin() + 2.0;
                let spike = if place == count / 2 { 20.0 } else { 0.0 };
                (wave + spike) * (height + 1) as f64
            };
            // In the middle nothing was scraped for a while.
            let there = |place: &usize| !expr.contains("gap") || !(count / 3..count / 3 + 20).contains(place);
            let points = (0..=count).filter(there);
            let points: Vec<_> = points
                .map(|place| json!([start + place as f64 * step, value(place).to_string()]))
                .collect();
            let mut metric = json!({"job": job});
            if !le.is_empty() {
                metric["le"] = json!(le);
            }
            series.push(json!({"metric": metric, "values": points}));
        }
    }
    series
}

/// Labels that the dashboards show, but for those that differ between series.
const SHOWN: [&str; 24] = [
    "alertmanager",
    "alertname",
    "cmd",
    "db",
    "device",
    "endpoint",
    "err",
    "group",
    "integration",
    "issuer",
    "master_host",
    "mode",
    "mountpoint",
    "name",
    "phase",
    "reason",
    "region",
    "severity",
    "slave_ip",
    "state",
    "status",
    "step",
    "subject",
    "subjectalternative",
];

fn everything(path: &str, body: &str) -> (u16, Value) {
    let path = path.split('?').next().unwrap_or_default();
    let number = |name| field(body, name).parse::<f64>().expect("a number");
    let data = match path {
        "/api/v1/query" => {
            let one = |index: usize| json!({"metric": labels(index), "value": [1_700_000_000, amount(index, 1.0)]});
            json!({"resultType": "vector", "result": (0..3).map(one).collect::<Vec<_>>()})
        }
        // An alert that comes and goes.
        "/api/v1/query_range" => {
            let (start, end, step) = (number("start"), number("end"), number("step"));
            let is_alert = field(body, "query").starts_with("ALERTS{alertstate=\"firing\"");
            let points = |index: usize| {
                let count = ((end - start) / step) as usize;
                let there = (0..=count).filter(|place| !is_alert || place % 9 < index + 1);
                there
                    .map(|place| {
                        json!([
                            start + place as f64 * step,
                            amount(index, (place as f64 / 20.0).sin() + 2.0)
                        ])
                    })
                    .collect::<Vec<_>>()
            };
            let one = |index: usize| json!({"metric": labels(index), "values": points(index)});
            json!({"resultType": "matrix", "result": (0..3).map(one).collect::<Vec<_>>()})
        }
        "/api/v1/alerts" => json!({"alerts": []}),
        _ => json!(["a", "another-one.with-a.long.name.example:9100"]),
    };
    (200, json!({"status": "success", "data": data}))
}

fn amount(index: usize, factor: f64) -> String {
    ([0.0123, 0.987, 123.4][index] * factor).to_string()
}

fn labels(index: usize) -> Value {
    let end = ["", " of the second", " of the third, which has a long name for once"][index];
    let bucket = ["0.1", "1", "+Inf"][index];
    let mut labels = json!({"job": "a", "instance": format!("10.20.30.{index}:9100"), "le": bucket});
    for name in SHOWN {
        labels[name] = format!("{name}{end}").into();
    }
    labels
}
