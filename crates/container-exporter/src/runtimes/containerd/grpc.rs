//! The few calls that are made. Each is a connection of its own: they are seconds apart, and containerd may be another
//! one by then.

use std::collections::BTreeMap;

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::Full;
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use prost::Message;
use tokio::task::JoinSet;

use super::super::Environment;
use super::super::http::{Error, Socket, Why, connect, in_time, read};
use super::messages::{self, List, Task, Version};
use crate::container::Facts;

/// The largest answer, in bytes. containerd sends no message above 16 MiB.
const LARGEST: usize = 32 << 20;
const VERSION: &str = "/containerd.services.version.v1.Version/Version";
const CONTAINERS: &str = "/containerd.services.containers.v1.Containers/List";
const TASKS: &str = "/containerd.services.tasks.v1.Tasks/List";
/// What comes before each message: whether it is compressed, and its length in four bytes.
const PREFIX: usize = 5;

/// A containerd, and one of its namespaces.
pub(super) struct Daemon {
    socket: Socket,
    namespace: String,
}

impl Daemon {
    pub(super) fn new(socket: Socket, namespace: String) -> Self {
        Self { socket, namespace }
    }

    /// Its version.
    ///
    /// # Errors
    /// No answer.
    pub(super) async fn version(&self) -> Result<String, Error> {
        let answer = self.call(VERSION).await?;
        Ok(self.decode::<Version>(VERSION, answer)?.version)
    }

    /// The containers as it tells them.
    ///
    /// # Errors
    /// No answer.
    pub(super) async fn containers(&self) -> Result<Bytes, Error> {
        self.call(CONTAINERS).await
    }

    /// Those containers as facts.
    ///
    /// # Errors
    /// It is no list.
    pub(super) fn facts(
        &self,
        answer: &Bytes,
        tasks: &BTreeMap<String, Task>,
        env: &Environment,
    ) -> Result<Vec<Facts>, Error> {
        let list = self.decode::<List>(CONTAINERS, answer.clone())?;
        Ok(messages::facts(list, tasks, env))
    }

    /// The tasks, which are what of a container runs, by the container's id.
    ///
    /// # Errors
    /// No answer.
    pub(super) async fn tasks(&self) -> Result<BTreeMap<String, Task>, Error> {
        let answer = self.call(TASKS).await?;
        let list = self.decode::<List>(TASKS, answer)?;
        Ok(messages::tasks(list))
    }

    fn decode<M: Message + Default>(&self, path: &str, answer: Bytes) -> Result<M, Error> {
        let malformed = |error: prost::DecodeError| self.socket.error(path, Why::Malformed(error.to_string()));
        M::decode(answer).map_err(malformed)
    }

    /// One call with an empty message.
    async fn call(&self, path: &str) -> Result<Bytes, Error> {
        let answer = in_time(self.exchange(path)).await;
        answer.map_err(|why| self.socket.error(path, why))
    }

    async fn exchange(&self, path: &str) -> Result<Bytes, Why> {
        let io = connect(self.socket.path()).await?;
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
        let mut task = JoinSet::new();
        // The answer's body tells what goes wrong with its connection.
        task.spawn(async { connection.await.unwrap_or_default() });
        let request = self.request(path).map_err(|error| Why::Broken(error.to_string()))?;
        let (head, mut body) = sender.send_request(request).await?.into_parts();
        let answer = read(&mut body, LARGEST).await?;
        match head.headers.get("grpc-status").map(|status| status.as_bytes()) {
            Some(status) if status != b"0" => {
                let said = head.headers.get("grpc-message").and_then(|text| text.to_str().ok());
                let status = String::from_utf8_lossy(status);
                Err(Why::Broken(format!(
                    "gRPC status {status}: {}",
                    said.unwrap_or_default()
                )))
            }
            _ if head.status.as_u16() >= 400 => Err(Why::Status(head.status.as_u16())),
            _ => message(&answer.into()),
        }
    }

    fn request(&self, path: &str) -> hyper::http::Result<Request<Full<Bytes>>> {
        let mut empty = BytesMut::new();
        empty.put_bytes(0, PREFIX);
        Request::post(format!("http://localhost{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("containerd-namespace", &self.namespace)
            .body(Full::new(empty.freeze()))
    }
}

/// The one message of an answer.
fn message(answer: &Bytes) -> Result<Bytes, Why> {
    let malformed = || Why::Malformed("no gRPC message".to_owned());
    let Some((&[0, a, b, c, d], message)) = answer.split_first_chunk::<PREFIX>() else {
        return Err(malformed());
    };
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d]));
    let is_whole = length.is_ok_and(|length| length == message.len());
    is_whole.then(|| answer.slice(PREFIX..)).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_it_says() {
        for (answer, expected) in [
            (&[0, 0, 0, 0, 0][..], Some(&[][..])),
            (&[0, 0, 0, 0, 2, 7, 8], Some(&[7, 8])),
            (&[0, 0, 0, 0, 2, 7], None),
            (&[0, 0, 0, 0, 2, 7, 8, 9], None),
            (&[1, 0, 0, 0, 2, 7, 8], None),
            (&[0, 255, 255, 255, 255, 7], None),
            (&[0, 0, 0], None),
            (&[], None),
        ] {
            let found = message(&Bytes::from_static(answer)).ok();
            assert_eq!(found.as_deref(), expected, "{answer:?}");
        }
    }
}
