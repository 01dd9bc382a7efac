//! A Prometheus of the tests' own: what it says of an expression depends on nothing but the question.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};

/// Where it is.
pub(crate) fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || converse(&stream));
        }
    });
    url
}

/// Until the client hangs up.
fn converse(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    while let Some((path, body)) = request(&mut reader) {
        let (status, answer) = answer(&path, &body);
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", answer.len());
        let mut stream = stream;
        if stream.write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

/// The path and the body of the next one.
fn request(reader: &mut impl BufRead) -> Option<(String, String)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        lines.push(line);
    }
    let length = lines.iter().find_map(|line| {
        let line = line.to_ascii_lowercase();
        line.strip_prefix("content-length:")?.trim().parse().ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    Some((path, String::from_utf8(body).ok()?))
}

fn answer(path: &str, body: &str) -> (u16, String) {
    let field = |name: &str| decoded(body, name);
    let expr = field("query");
    let number = |name: &str| field(name).parse::<f64>().expect("a number");
    let data = match path.split('?').next().unwrap_or_default() {
        _ if expr.contains("page") => return (200, "<!DOCTYPE html><title>Welcome</title>".to_owned()),
        _ if expr.contains("starting") => return (503, "Service Unavailable".to_owned()),
        _ if expr.contains("broken") => {
            let error = "1:1: parse error: unknown function with name \"broken\"";
            return (
                400,
                json!({"status": "error", "errorType": "bad_data", "error": error}).to_string(),
            );
        }
        "/api/v1/query" => json!({"resultType": "vector", "result": instant(&expr)}),
        "/api/v1/query_range" => {
            json!({"resultType": "matrix", "result": range(&expr, number("start"), number("end"), number("step"))})
        }
        "/api/v1/alerts" => json!({"alerts": []}),
        // Values of labels.
        _ => json!(["one"]),
    };
    (200, json!({"status": "success", "data": data}).to_string())
}

/// Of a form.
fn decoded(body: &str, name: &str) -> String {
    let field = body
        .split('&')
        .find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    let mut bytes = Vec::new();
    let mut rest = field.unwrap_or_default().bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    rest.next()
                        .map(char::from)
                        .and_then(|c| c.to_digit(16))
                        .expect("a digit")
                };
                u8::try_from(digit() * 16 + digit()).expect("two digits")
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("text")
}

fn instant(expr: &str) -> Vec<Value> {
    match expr {
        expr if expr.contains("nothing") => vec![],
        _ => [("a", "1"), ("b\u{1b}[31m", "+Inf")]
            .map(|(job, value)| json!({"metric": {"__name__": "up", "job": job}, "value": [1_700_000_000, value]}))
            .to_vec(),
    }
}

/// A wave; `gap` has none in its middle third, and `flat` does not change.
fn range(expr: &str, start: f64, end: f64, step: f64) -> Vec<Value> {
    if expr.contains("nothing") {
        return vec![];
    }
    let last = ((end - start) / step).round() as u32;
    let value = |place: u32| match f64::from(place) / f64::from(last) {
        _ if expr.contains("flat") => 2.0,
        part => (part * 12.0).sin() + 4.0 * part,
    };
    let there = |place: &u32| !expr.contains("gap") || !(last / 3..last * 2 / 3).contains(place);
    let points = (0..=last).filter(there);
    let points: Vec<_> = points
        .map(|place| json!([start + f64::from(place) * step, value(place).to_string()]))
        .collect();
    vec![json!({"metric": {"__name__": expr, "job": "a"}, "values": points})]
}
