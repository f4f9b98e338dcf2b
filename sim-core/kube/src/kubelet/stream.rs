//! Frames of exec, attach and port-forward, after `101 Switching Protocols`.
//!
//! One byte channel, four bytes length (big-endian), payload. Modelled on the channels of `v5.channel.k8s.io`;
//! a real cluster puts the same channels into WebSocket messages.

use crate::json;
use serde_json::Value;

/// What a frame belongs to.
pub mod channel {
    /// Standard input; data of a forwarded port.
    pub const STDIN: u8 = 0;
    /// Standard output.
    pub const STDOUT: u8 = 1;
    /// Standard error.
    pub const STDERR: u8 = 2;
    /// How it ended.
    pub const ERROR: u8 = 3;
    /// The terminal's size: `{"Width":80,"Height":24}`.
    pub const RESIZE: u8 = 4;
    /// The channel in the payload is over.
    pub const CLOSE: u8 = 255;
}

/// Longest payload of one frame.
pub const FRAME_MAX: usize = 64 * 1024;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// See [`channel`].
    pub channel: u8,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// The bytes of `payload` on `channel`, in as many frames as it takes.
pub fn encode(channel: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 5);
    let mut chunks = payload.chunks(FRAME_MAX);
    let mut chunk = chunks.next().unwrap_or(&[]);
    loop {
        out.push(channel);
        out.extend_from_slice(&(chunk.len() as u32).to_be_bytes());
        out.extend_from_slice(chunk);
        match chunks.next() {
            Some(next) => chunk = next,
            None => return out,
        }
    }
}

/// Puts frames together from bytes as they come.
#[derive(Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
}

impl FrameReader {
    /// Begins with what was read beyond the head of the HTTP message.
    pub fn new(rest: Vec<u8>) -> Self {
        FrameReader { buffer: rest }
    }

    /// Takes more bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame; an error for one that is too long to be meant.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, TooLong> {
        let Some(head) = self.buffer.get(..5) else { return Ok(None) };
        let channel = head[0];
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > FRAME_MAX {
            return Err(TooLong);
        }
        if self.buffer.len() < 5 + length {
            return Ok(None);
        }
        let payload = self.buffer[5..5 + length].to_vec();
        self.buffer.drain(..5 + length);
        Ok(Some(Frame { channel, payload }))
    }
}

/// The other side does not speak this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// The last word of an exec: the exit status of its command.
pub fn exit_status(code: i32) -> Value {
    if code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({
        "metadata": {},
        "status": "Failure",
        "message": format!("command terminated with exit code {code}"),
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
    })
}

/// The last word of an exec or attach that could not be done.
pub fn failure(message: &str) -> Value {
    json!({"metadata": {}, "status": "Failure", "message": message, "reason": "InternalError", "code": 500,
           "details": {"causes": [{"message": message}]}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_the_bytes_are_cut() {
        let mut bytes = encode(channel::STDOUT, b"hello");
        bytes.extend(encode(channel::CLOSE, &[0]));
        let mut reader = FrameReader::default();
        let mut frames = Vec::new();
        for byte in bytes {
            reader.push(&[byte]);
            while let Ok(Some(frame)) = reader.next_frame() {
                frames.push(frame);
            }
        }
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0], Frame { channel: 1, payload: b"hello".to_vec() });
        assert_eq!(encode(0, &vec![7; FRAME_MAX + 1]).len(), FRAME_MAX + 1 + 10);
        assert_eq!(encode(3, b""), [3, 0, 0, 0, 0]);
        assert_eq!(FrameReader::new(b"HTTP/1.1 200".to_vec()).next_frame(), Err(TooLong));
    }
}
