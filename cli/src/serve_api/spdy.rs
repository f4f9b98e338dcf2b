//! SPDY/3.1, as much of it as port-forwarding uses: streams with headers, data, and their ends.
//!
//! kubectl 1.31 and later sends these frames through a WebSocket. Models github.com/moby/spdystream.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What header blocks are compressed with, from the specification of SPDY/3.
const DICTIONARY: &[u8] = include_bytes!("spdy.dictionary");

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const CONTROL: u8 = 0x80;
const VERSION: u16 = 3;
const FIN: u8 = 1;
/// The longest frame that is taken.
const FRAME_MAX: usize = 16 * 1024 * 1024;
/// The longest header block, decompressed.
const HEADERS_MAX: usize = 64 * 1024;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A stream begins.
    Open { stream: u32, headers: Vec<(String, String)>, fin: bool },
    /// Data of a stream; `fin` when it is the last.
    Data { stream: u32, bytes: Vec<u8>, fin: bool },
    /// A stream is given up.
    Reset { stream: u32 },
    /// To be sent back as it is.
    Ping { id: u32 },
    /// The client is about to leave.
    GoAway,
}

/// Neither frames nor header blocks of SPDY/3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads a client's frames.
pub(super) struct Reader {
    buffer: Vec<u8>,
    headers: Decompress,
}

impl Reader {
    pub fn new() -> Reader {
        Reader { buffer: Vec::new(), headers: Decompress::new(true) }
    }

    /// Takes bytes as they come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next event, if its frame is complete.
    pub fn next(&mut self) -> Result<Option<Event>, Malformed> {
        loop {
            let Some(head) = self.buffer.first_chunk::<8>() else { return Ok(None) };
            let length = usize::from(head[5]) << 16 | usize::from(head[6]) << 8 | usize::from(head[7]);
            if length > FRAME_MAX {
                return Err(Malformed);
            }
            if self.buffer.len() < 8 + length {
                return Ok(None);
            }
            let frame: Vec<u8> = self.buffer.drain(..8 + length).collect();
            if let Some(event) = self.frame(&frame)? {
                return Ok(Some(event));
            }
        }
    }

    fn frame(&mut self, frame: &[u8]) -> Result<Option<Event>, Malformed> {
        let fin = frame[4] & FIN != 0;
        if frame[0] & CONTROL == 0 {
            return Ok(Some(Event::Data { stream: word(frame, 0)?, bytes: frame[8..].to_vec(), fin }));
        }
        let kind = u16::from_be_bytes([frame[2], frame[3]]);
        Ok(match kind {
            SYN_STREAM => {
                let block = frame.get(18..).ok_or(Malformed)?;
                let headers = self.decompress(block)?;
                Some(Event::Open { stream: word(frame, 8)?, headers: pairs(&headers)?, fin })
            }
            RST_STREAM => Some(Event::Reset { stream: word(frame, 8)? }),
            PING => Some(Event::Ping { id: word(frame, 8)? }),
            GOAWAY => Some(Event::GoAway),
            // Settings and windows: nobody here holds data back.
            _ => None,
        })
    }

    /// All header blocks of a connection are one zlib stream.
    fn decompress(&mut self, block: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut out = Vec::new();
        let begin = self.headers.total_in();
        loop {
            let used = usize::try_from(self.headers.total_in() - begin).map_err(|_| Malformed)?;
            let rest = block.get(used..).unwrap_or(&[]);
            out.reserve(4 * 1024);
            let before = (self.headers.total_in(), out.len());
            match self.headers.decompress_vec(rest, &mut out, FlushDecompress::Sync) {
                Ok(Status::StreamEnd) => return Err(Malformed),
                Ok(_) if out.len() > HEADERS_MAX => return Err(Malformed),
                Ok(_) if (self.headers.total_in(), out.len()) == before => return Ok(out),
                Ok(_) => {}
                Err(error) if error.needs_dictionary().is_some() => {
                    self.headers.set_dictionary(DICTIONARY).map_err(|_| Malformed)?;
                }
                Err(_) => return Err(Malformed),
            }
        }
    }
}

/// A number of 31 bits.
fn word(frame: &[u8], at: usize) -> Result<u32, Malformed> {
    let bytes = frame.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(Malformed)?;
    Ok(u32::from_be_bytes(*bytes) & 0x7fff_ffff)
}

/// The headers in a decompressed block.
fn pairs(mut block: &[u8]) -> Result<Vec<(String, String)>, Malformed> {
    let mut number = || {
        let (bytes, rest) = block.split_first_chunk::<4>().ok_or(Malformed)?;
        block = rest;
        Ok((u32::from_be_bytes(*bytes) as usize, rest))
    };
    let (count, mut rest) = number()?;
    let mut text = || {
        let (bytes, after) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
        let (text, after) = after.split_at_checked(u32::from_be_bytes(*bytes) as usize).ok_or(Malformed)?;
        rest = after;
        Ok(String::from_utf8_lossy(text).into_owned())
    };
    let mut headers = Vec::new();
    for _ in 0..count {
        headers.push((text()?, text()?));
    }
    Ok(headers)
}

/// Writes the server's frames.
pub(super) struct Writer {
    headers: Compress,
    fresh: bool,
}

impl Writer {
    pub fn new() -> Writer {
        Writer { headers: Compress::new(Compression::default(), true), fresh: true }
    }

    /// A stream is accepted, with no headers.
    pub fn reply(&mut self, stream: u32) -> Vec<u8> {
        let mut block = Vec::with_capacity(256);
        if std::mem::take(&mut self.fresh) {
            self.headers.set_dictionary(DICTIONARY).expect("nothing has been compressed yet");
        }
        self.headers
            .compress_vec(&0_u32.to_be_bytes(), &mut block, FlushCompress::Sync)
            .expect("four bytes can be compressed");
        control(SYN_REPLY, &[&stream.to_be_bytes()[..], &block].concat())
    }

    /// A ping comes back.
    pub fn ping(id: u32) -> Vec<u8> {
        control(PING, &id.to_be_bytes())
    }

    /// Data of a stream.
    pub fn data(stream: u32, bytes: &[u8], fin: bool) -> Vec<u8> {
        let mut frame = stream.to_be_bytes().to_vec();
        frame.extend_from_slice(&length(bytes.len(), u8::from(fin) * FIN));
        frame.extend_from_slice(bytes);
        frame
    }
}

fn control(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = (VERSION | u16::from(CONTROL) << 8).to_be_bytes().to_vec();
    frame.extend_from_slice(&kind.to_be_bytes());
    frame.extend_from_slice(&length(payload.len(), 0));
    frame.extend_from_slice(payload);
    frame
}

fn length(length: usize, flags: u8) -> [u8; 4] {
    let [_, a, b, c] = u32::try_from(length).unwrap_or(0).to_be_bytes();
    [flags, a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(compressor: &mut Compress, stream: u32, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut plain = u32::try_from(headers.len()).expect("few").to_be_bytes().to_vec();
        for text in headers.iter().flat_map(|(name, value)| [name, value]) {
            plain.extend_from_slice(&u32::try_from(text.len()).expect("short").to_be_bytes());
            plain.extend_from_slice(text.as_bytes());
        }
        let mut block = Vec::with_capacity(4_096);
        compressor.compress_vec(&plain, &mut block, FlushCompress::Sync).expect("it can be compressed");
        control(SYN_STREAM, &[&stream.to_be_bytes()[..], &[0; 6], &block].concat())
    }

    #[test]
    fn streams_open_carry_and_end() {
        let mut compressor = Compress::new(Compression::default(), true);
        compressor.set_dictionary(DICTIONARY).expect("nothing has been compressed yet");
        let mut bytes = open(&mut compressor, 1, &[("streamtype", "error"), ("port", "80")]);
        bytes.extend(open(&mut compressor, 3, &[("streamtype", "data"), ("port", "80")]));
        bytes.extend(Writer::data(3, b"GET /", true));
        let mut reader = Reader::new();
        let mut events = Vec::new();
        for piece in bytes.chunks(7) {
            reader.push(piece);
            while let Some(event) = reader.next().expect("well-formed") {
                events.push(event);
            }
        }
        let headers = |kind: &str| vec![("streamtype".into(), kind.into()), ("port".into(), "80".into())];
        let expected = [
            Event::Open { stream: 1, headers: headers("error"), fin: false },
            Event::Open { stream: 3, headers: headers("data"), fin: false },
            Event::Data { stream: 3, bytes: b"GET /".to_vec(), fin: true },
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let mut reader = Reader::new();
        reader.push(&control(SYN_STREAM, &[0xff; 40]));
        assert_eq!(reader.next(), Err(Malformed));
    }
}
