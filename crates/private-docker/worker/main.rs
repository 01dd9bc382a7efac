//! What runs in the containers: words that it does one after another.
//!
//! ```text
//! burn              use a CPU for ever            wait MILLIS      sleep for so long
//! eat BYTES         take memory, and keep it      sleep            for ever
//! write FILE BYTES  fill a file                   exit CODE        end
//! serve PORT        answer every connection with 64 KiB, for ever
//! child WORDS       another process for these words; it is waited for
//! ```

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

/// What `serve` answers with.
static ANSWER: [u8; 64 * 1024] = [b'x'; 64 * 1024];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap_or_default();
        match word.as_str() {
            "burn" => loop {
                std::hint::spin_loop();
            },
            "sleep" => loop {
                std::thread::park();
            },
            "wait" => std::thread::park_timeout(Duration::from_millis(number(&next()))),
            // Written to, so that the memory is really taken.
            "eat" => std::mem::forget(std::hint::black_box(vec![1_u8; number(&next()) as usize])),
            "write" => write(&next(), number(&next())),
            "serve" => serve(number(&next())),
            "child" => child(&next()),
            "exit" => return ExitCode::from(number(&next()) as u8),
            _ => return ExitCode::from(64),
        }
    }
    ExitCode::SUCCESS
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

fn write(file: &str, bytes: u64) {
    drop(std::fs::write(file, vec![b'x'; bytes as usize]));
}

fn serve(port: u64) {
    let Ok(listener) = TcpListener::bind(("0.0.0.0", port as u16)) else {
        return;
    };
    for mut stream in listener.incoming().flatten() {
        // A client that is gone is no matter.
        drop(stream.read(&mut [0; 1024]).and_then(|_| stream.write_all(&ANSWER)));
    }
}

#[allow(clippy::disallowed_methods, reason = "it runs itself")]
fn child(words: &str) {
    let itself = std::process::Command::new("/work").args(words.split(' ')).status();
    drop(itself);
}
