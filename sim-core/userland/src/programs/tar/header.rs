//! What stands before each member of an archive. Models the `ustar` format as GNU tar writes it.

use linux::vfs::Stat;

/// Everything comes in blocks of this size.
pub(in crate::programs) const BLOCK: usize = 512;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::programs) enum Kind {
    File,
    Directory,
    Symlink,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::programs) struct Header {
    pub(in crate::programs) name: String,
    pub(in crate::programs) mode: u32,
    pub(in crate::programs) uid: u32,
    pub(in crate::programs) gid: u32,
    pub(in crate::programs) size: u64,
    pub(in crate::programs) mtime: u64,
    pub(in crate::programs) kind: Kind,
    pub(in crate::programs) link: String,
    pub(in crate::programs) user: String,
    pub(in crate::programs) group: String,
}

/// The name of a member that holds a name too long for its place.
const LONG_LINK: &str = "././@LongLink";

impl Header {
    /// The header of what a program has looked at, as yet a file without a size.
    pub(in crate::programs) fn of(name: &str, stat: &Stat) -> Header {
        Header {
            name: name.to_string(),
            mode: stat.mode & 0o7777,
            uid: stat.uid,
            gid: stat.gid,
            size: 0,
            mtime: stat.mtime.timestamp().seconds,
            kind: Kind::File,
            link: String::new(),
            user: String::new(),
            group: String::new(),
        }
    }

    /// Writes it, with members for long names in front.
    pub(in crate::programs) fn write(&self, archive: &mut Vec<u8>) {
        for (text, kind) in [(&self.link, b'K'), (&self.name, b'L')] {
            if text.len() > 100 {
                let long = Header {
                    name: LONG_LINK.into(),
                    mode: 0o644,
                    uid: 0,
                    gid: 0,
                    size: text.len() as u64 + 1,
                    mtime: 0,
                    kind: Kind::File,
                    link: String::new(),
                    user: "root".into(),
                    group: "root".into(),
                };
                archive.extend(long.block(kind));
                archive.extend_from_slice(text.as_bytes());
                archive.push(0);
                archive.resize(archive.len().div_ceil(BLOCK) * BLOCK, 0);
            }
        }
        let kind = match self.kind {
            Kind::File => b'0',
            Kind::Directory => b'5',
            Kind::Symlink => b'2',
        };
        archive.extend(self.block(kind));
    }

    fn block(&self, kind: u8) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        let head = |text: &str, most: usize| text.as_bytes()[..text.len().min(most)].to_vec();
        put(0, &head(&self.name, 100));
        put(100, format!("{:07o}", self.mode).as_bytes());
        put(108, format!("{:07o}", self.uid).as_bytes());
        put(116, format!("{:07o}", self.gid).as_bytes());
        put(124, format!("{:011o}", self.size).as_bytes());
        put(136, format!("{:011o}", self.mtime).as_bytes());
        put(148, b"        ");
        put(156, &[kind]);
        put(157, &head(&self.link, 100));
        put(257, b"ustar  ");
        put(265, &head(&self.user, 31));
        put(297, &head(&self.group, 31));
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block
    }

    /// Reads one, and how many bytes it takes; nothing when this is none.
    pub(in crate::programs) fn read(archive: &[u8]) -> Option<(Header, usize)> {
        let mut at = 0;
        let (mut long_name, mut long_link) = (None, None);
        loop {
            let block = archive.get(at..at + BLOCK)?;
            at += BLOCK;
            let said = octal(&block[148..156])?;
            let sum: u64 = block
                .iter()
                .enumerate()
                .map(|(index, byte)| if (148..156).contains(&index) { 32 } else { u64::from(*byte) })
                .sum();
            if said != sum {
                return None;
            }
            let size = octal(&block[124..136])?;
            let kind = block[156];
            if matches!(kind, b'L' | b'K' | b'x' | b'g') {
                let contents = archive.get(at..at + size as usize)?;
                at += (size as usize).div_ceil(BLOCK) * BLOCK;
                match kind {
                    b'L' => long_name = Some(text(contents)),
                    b'K' => long_link = Some(text(contents)),
                    b'x' => {
                        for record in String::from_utf8_lossy(contents).lines() {
                            let pair = record.split_once(' ').and_then(|(_, pair)| pair.split_once('='));
                            match pair {
                                Some(("path", value)) => long_name = Some(value.to_string()),
                                Some(("linkpath", value)) => long_link = Some(value.to_string()),
                                _ => {}
                            }
                        }
                    }
                    _ => {}
                }
                continue;
            }
            let prefix = if &block[257..263] == b"ustar\0" { text(&block[345..500]) } else { String::new() };
            let name = text(&block[..100]);
            let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let kind = match kind {
                b'5' => Kind::Directory,
                b'2' => Kind::Symlink,
                _ => Kind::File,
            };
            let header = Header {
                name: long_name.unwrap_or(name),
                mode: octal(&block[100..108])? as u32,
                uid: octal(&block[108..116])? as u32,
                gid: octal(&block[116..124])? as u32,
                size: if kind == Kind::File { size } else { 0 },
                mtime: octal(&block[136..148])?,
                kind,
                link: long_link.unwrap_or_else(|| text(&block[157..257])),
                user: text(&block[265..297]),
                group: text(&block[297..329]),
            };
            return Some((header, at));
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn octal(bytes: &[u8]) -> Option<u64> {
    let text = text(bytes);
    let digits = text.trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first block that GNU tar 1.34 writes for a file of three bytes.
    #[test]
    fn headers_are_those_of_gnu_tar() {
        let header = Header {
            name: "a".into(),
            mode: 0o644,
            uid: 0,
            gid: 0,
            size: 3,
            mtime: 0o15126667600,
            kind: Kind::File,
            link: String::new(),
            user: "root".into(),
            group: "root".into(),
        };
        let mut archive = Vec::new();
        header.write(&mut archive);
        assert_eq!(archive.len(), BLOCK);
        assert_eq!(
            &archive[100..157],
            b"0000644\x000000000\x000000000\x0000000000003\x0015126667600\x00007721\x00 0"
        );
        assert_eq!(&archive[257..270], b"ustar  \0root\0");
        assert_eq!(Header::read(&archive), Some((header, BLOCK)));
    }

    #[test]
    fn long_names_have_a_member_of_their_own() {
        let name = "directory/".repeat(20);
        let header = Header {
            name,
            mode: 0o755,
            uid: 1000,
            gid: 1000,
            size: 0,
            mtime: 5,
            kind: Kind::Directory,
            link: String::new(),
            user: String::new(),
            group: String::new(),
        };
        let mut archive = Vec::new();
        header.write(&mut archive);
        assert_eq!(archive.len(), 3 * BLOCK);
        assert_eq!(Header::read(&archive), Some((header, 3 * BLOCK)));
    }
}
