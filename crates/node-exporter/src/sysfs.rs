//! Folders of /sys: a folder is a device, its files are attributes, each with one value. Devices and attributes come and
//! go while they are read, and drivers refuse what the hardware does not tell, so each is missing alone.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use exporter_toolkit::collector::CollectError;
use kernel_stats::{ParseError, attribute};
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FileType, Mode, OFlags, RawDir, RawDirEntry, SeekFrom, fstatfs, openat, readlinkat, seek};
use rustix::io::Errno;
use rustix::path::Arg;

use crate::source::{SYSFS_MAGIC, SourceError, attribute_at, attribute_of};

/// An open folder. Its attributes are found from here, which is shorter for the kernel than from the root, and belong to
/// the same device even if its name was given to another meanwhile.
#[derive(Debug)]
pub(crate) struct Folder {
    handle: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`.
    ///
    /// # Errors
    /// What the kernel said, with the path.
    pub(crate) fn open(path: &Path) -> Result<Self, SourceError> {
        match openat(CWD, path, FOLDER, Mode::empty()) {
            Ok(handle) => Ok(Self {
                handle,
                path: path.to_owned(),
            }),
            Err(error) => Err(failed(path.to_owned(), error)),
        }
    }

    /// The folder at `path`; `None` if there is none.
    ///
    /// # Errors
    /// What else the kernel said, with the path.
    pub(crate) fn find(path: &Path) -> Result<Option<Self>, SourceError> {
        match Self::open(path) {
            Err(SourceError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// The folder `name` in this one; `None` if there is none, or no longer.
    pub(crate) fn folder(&self, name: &str) -> Option<Self> {
        let handle = openat(&self.handle, name, FOLDER, Mode::empty()).ok()?;
        let path = self.path.join(name);
        Some(Self { handle, path })
    }

    /// Where this folder is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all folders in this one, and of links, which may lead to folders; sorted.
    ///
    /// # Errors
    /// What the kernel said, with the path.
    pub(crate) fn folders(&self) -> Result<Vec<String>, SourceError> {
        self.names(|kind| kind != FileType::RegularFile)
    }

    /// What [`folders`](Self::folders) tells, each with its own inode; that of a link is not that of the folder it leads to,
    /// but as new as the link.
    ///
    /// # Errors
    /// What the kernel said, with the path.
    pub(crate) fn folders_with_inodes(&self) -> Result<Vec<(String, u64)>, SourceError> {
        self.entries(|kind| kind != FileType::RegularFile, |name, inode| (name, inode))
    }

    /// The folders in this one whose names `shows` accepts, opened, in the order of their names. One that goes away
    /// meanwhile is left out.
    ///
    /// # Errors
    /// What the kernel said, with the path.
    pub(crate) fn open_folders(&self, shows: impl Fn(&str) -> bool) -> Result<Vec<(String, Self)>, SourceError> {
        let mut opened = Vec::new();
        for name in self.folders()? {
            if shows(&name)
                && let Some(folder) = self.folder(&name)
            {
                opened.push((name, folder));
            }
        }
        Ok(opened)
    }

    /// The names of all attributes; sorted.
    ///
    /// # Errors
    /// What the kernel said, with the path.
    pub(crate) fn attributes(&self) -> Result<Vec<String>, SourceError> {
        self.names(|kind| kind == FileType::RegularFile)
    }

    /// A number that stays the same as long as all that is in this folder does, by name and inode: what the kernel makes
    /// anew has another inode, even under an old name. `None` if the folder is gone. Nothing is allocated for a name.
    pub(crate) fn fingerprint(&self) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        let all = self.each_entry(|entry| {
            // The folder above is not in this one, and changes on its own.
            if entry.file_name() != c".." {
                hasher.write(entry.file_name().to_bytes_with_nul());
                hasher.write_u64(entry.ino());
            }
        });
        all.ok().map(|()| hasher.finish())
    }

    /// Where the link `name` leads, as it stands there; `None` if it is no link.
    pub(crate) fn target(&self, name: &str) -> Option<PathBuf> {
        let target = readlinkat(&self.handle, name, Vec::new()).ok()?;
        Some(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
    }

    fn names(&self, keep: impl Fn(FileType) -> bool) -> Result<Vec<String>, SourceError> {
        self.entries(keep, |name, _| name)
    }

    /// What `make` makes of the name and inode of each entry of the right kind; sorted.
    fn entries<T: Ord>(
        &self,
        keep: impl Fn(FileType) -> bool,
        make: impl Fn(String, u64) -> T,
    ) -> Result<Vec<T>, SourceError> {
        let mut found = Vec::new();
        let all = self.each_entry(|entry| match entry.file_name().to_str() {
            Ok("." | "..") | Err(_) => {}
            Ok(name) if keep(entry.file_type()) => found.push(make(name.to_owned(), entry.ino())),
            Ok(_) => {}
        });
        all.map_err(|error| failed(self.path.clone(), error))?;
        found.sort_unstable();
        Ok(found)
    }

    /// All that is in this folder, from the first entry however often it was read.
    fn each_entry(&self, mut see: impl FnMut(&RawDirEntry<'_>)) -> Result<(), Errno> {
        let mut buffer = [MaybeUninit::uninit(); ENTRIES];
        seek(&self.handle, SeekFrom::Start(0))?;
        let mut entries = RawDir::new(&self.handle, &mut buffer);
        while let Some(entry) = entries.next() {
            see(&entry?);
        }
        Ok(())
    }
}

/// Room for the entries that the kernel tells at a time.
const ENTRIES: usize = 4096;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::RDONLY).union(OFlags::CLOEXEC);

fn failed(path: PathBuf, error: Errno) -> SourceError {
    let error = error.into();
    SourceError::Read { path, error }
}

/// Attributes of one folder that stay open from scrape to scrape: opening and closing one takes several times as long as
/// reading it. They are read in the same order each time.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Of the folder; only files of sysfs stay open.
    is_sysfs: bool,
    files: Vec<Option<OwnedFd>>,
    next: usize,
}

impl Kept {
    /// For the attributes of `folder`, none of which is open yet.
    pub(crate) fn of(folder: &Folder) -> Self {
        Self {
            is_sysfs: fstatfs(&folder.handle).is_ok_and(|stat| stat.f_type == SYSFS_MAGIC),
            ..Self::default()
        }
    }

    /// Whether it may be used again.
    pub(crate) fn may_last(&self) -> bool {
        self.is_sysfs
    }

    /// Goes back to the first attribute.
    pub(crate) fn rewind(&mut self) {
        self.next = 0;
    }

    fn read(&mut self, folder: &Folder, name: impl Arg, buffer: &mut Vec<u8>) -> Result<(), Errno> {
        let position = self.next;
        self.next += 1;
        if !self.is_sysfs {
            return attribute_at(&folder.handle, name, buffer);
        }
        if let Some(Some(file)) = self.files.get(position) {
            match attribute_of(file, buffer) {
                // The file itself has gone, though not the folder.
                Err(Errno::NODEV) => {}
                read => return read,
            }
        }
        let file = openat(&folder.handle, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let read = file
            .as_ref()
            .map_or_else(|error| Err(*error), |file| attribute_of(file, buffer));
        if self.files.len() <= position {
            self.files.resize_with(position + 1, || None);
        }
        self.files[position] = file.ok();
        read
    }
}

/// Reads attributes into a buffer that is kept. What cannot be read or is no number is `None`; the first error that no
/// driver gives, such as too many open files, is kept for [`finish`](Self::finish).
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    buffer: Vec<u8>,
    odd: Option<SourceError>,
}

impl Attributes {
    /// The bytes of the file `name`.
    pub(crate) fn bytes(&mut self, folder: &Folder, name: impl Arg + Copy) -> Option<&[u8]> {
        let read = attribute_at(&folder.handle, name, &mut self.buffer);
        self.look(folder, name, read)
    }

    /// The bytes of the file `name`, which stays open in `kept` and is the next one there.
    pub(crate) fn kept_bytes(&mut self, folder: &Folder, name: impl Arg + Copy, kept: &mut Kept) -> Option<&[u8]> {
        let read = kept.read(folder, name, &mut self.buffer);
        self.look(folder, name, read)
    }

    fn look(&mut self, folder: &Folder, name: impl Arg + Copy, read: Result<(), Errno>) -> Option<&[u8]> {
        match read {
            Ok(()) => Some(&self.buffer),
            Err(error) => {
                if !is_usual(error) && self.odd.is_none() {
                    let name = name.to_string_lossy();
                    self.odd = Some(failed(folder.path.join(name.as_ref()), error));
                }
                None
            }
        }
    }

    /// The text of the file `name`, without white space at its ends; may be empty.
    pub(crate) fn text(&mut self, folder: &Folder, name: impl Arg + Copy) -> Option<&str> {
        attribute::text(self.bytes(folder, name)?).ok()
    }

    /// The number, decimal or hexadecimal after `0x`, in the file `name`.
    pub(crate) fn i64(&mut self, folder: &Folder, name: impl Arg + Copy) -> Option<i64> {
        attribute::parse_i64(self.bytes(folder, name)?).ok()
    }

    /// The number, decimal or hexadecimal after `0x`, in the file `name`, which has no sign.
    pub(crate) fn u64(&mut self, folder: &Folder, name: impl Arg + Copy) -> Option<u64> {
        attribute::parse_u64(self.bytes(folder, name)?).ok()
    }

    /// The file `name` as `parse` understands it. What it does not understand is `None` too, and an odd error.
    pub(crate) fn parse<'a, T>(
        &'a mut self,
        folder: &Folder,
        name: impl Arg + Copy,
        parse: impl FnOnce(&'a [u8]) -> Result<T, ParseError>,
    ) -> Option<T> {
        self.bytes(folder, name)?;
        match parse(&self.buffer) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let path = folder.path.join(name.to_string_lossy().as_ref());
                self.odd.get_or_insert(SourceError::Parse { path, error });
                None
            }
        }
    }

    /// Ends a scrape.
    ///
    /// # Errors
    /// The first odd error since the last call.
    pub(crate) fn finish(&mut self) -> Result<(), CollectError> {
        self.odd.take().map_or(Ok(()), |error| Err(error.into()))
    }
}

/// What the kernel and drivers answer for attributes that hardware does not have, or does not tell now.
fn is_usual(error: Errno) -> bool {
    const USUAL: [Errno; 19] = [
        Errno::ACCESS,
        Errno::AGAIN,
        Errno::BADMSG,
        Errno::BUSY,
        Errno::INVAL,
        Errno::IO,
        Errno::NODATA,
        Errno::NODEV,
        Errno::NOENT,
        Errno::NOSYS,
        Errno::NOTDIR,
        Errno::NOTTY,
        Errno::NXIO,
        Errno::OPNOTSUPP,
        Errno::PERM,
        Errno::PROTO,
        Errno::REMOTEIO,
        Errno::SHUTDOWN,
        Errno::TIMEDOUT,
    ];
    USUAL.contains(&error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::testing::root;

    #[test]
    fn names_are_sorted_and_told_apart() {
        let root = root(&[("b/x", ""), ("a/x", ""), ("2", ""), ("10", "")]);
        symlink("a", root.path().join("link")).unwrap();
        let folder = Folder::open(root.path()).unwrap();
        assert_eq!(folder.folders().unwrap(), ["a", "b", "link"]);
        assert_eq!(folder.attributes().unwrap(), ["10", "2"]);
        assert_eq!(folder.folders().unwrap(), ["a", "b", "link"]);
        assert_eq!(folder.folder("link").unwrap().attributes().unwrap(), ["x"]);
        assert!(folder.folder("2").is_none() && folder.folder("none").is_none());
    }

    #[test]
    fn a_fingerprint_changes_with_what_is_in_the_folder_and_not_with_values() {
        let root = root(&[("chip/temp1_input", "1\n"), ("chip/name", "a\n")]);
        let path = root.path().join("chip");
        let folder = Folder::open(&path).unwrap();
        let first = folder.fingerprint();
        assert!(first.is_some());
        std::fs::write(path.join("temp1_input"), "22\n").unwrap();
        assert_eq!(folder.fingerprint(), first);
        std::fs::write(path.join("temp2_input"), "1\n").unwrap();
        let more = folder.fingerprint();
        assert_ne!(more, first);
        std::fs::write(path.join("other"), "1\n").unwrap();
        std::fs::rename(path.join("other"), path.join("temp2_input")).unwrap();
        assert_ne!(folder.fingerprint(), more);
    }

    #[test]
    fn folders_are_opened_but_for_those_that_are_not_shown_or_gone() {
        let root = root(&[("b/x", ""), ("a/x", ""), ("c/x", "")]);
        symlink("gone", root.path().join("aa")).unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let opened = folder.open_folders(|name| name != "c").unwrap();
        let found: Vec<_> = opened
            .iter()
            .map(|(name, folder)| (name.as_str(), folder.path()))
            .collect();
        let path = |name| root.path().join(name);
        assert_eq!(found, [("a", path("a").as_path()), ("b", path("b").as_path())]);
    }

    #[test]
    fn a_link_tells_where_it_leads() {
        let root = root(&[("device/x", "")]);
        symlink("../../bus/drivers/nvme", root.path().join("driver")).unwrap();
        let folder = Folder::open(root.path()).unwrap();
        assert_eq!(
            folder.target("driver").as_deref(),
            Some(Path::new("../../bus/drivers/nvme"))
        );
        assert_eq!(folder.target("device"), None);
    }

    #[test]
    fn attributes_are_read_or_missing_alone() {
        let root = root(&[
            ("mtu", "1500\n"),
            ("text", " a b \n"),
            ("negative", "-1\n"),
            ("empty", ""),
        ]);
        let folder = Folder::open(root.path()).unwrap();
        let mut attributes = Attributes::default();
        assert_eq!(attributes.u64(&folder, c"mtu"), Some(1500));
        assert_eq!(attributes.text(&folder, "text"), Some("a b"));
        assert_eq!(attributes.i64(&folder, c"negative"), Some(-1));
        assert_eq!(attributes.u64(&folder, c"negative"), None);
        assert_eq!(attributes.text(&folder, c"empty"), Some(""));
        assert_eq!(attributes.i64(&folder, c"empty"), None);
        assert_eq!(attributes.text(&folder, c"none"), None);
        assert!(attributes.finish().is_ok());
    }

    /// Each network namespace has this device, if it has a /sys.
    const LOOPBACK: &str = "/sys/class/net/lo";

    #[test]
    fn attributes_of_sysfs_stay_open() {
        let Ok(lo) = Folder::open(Path::new(LOOPBACK)) else {
            return eprintln!("not tested: no {LOOPBACK}");
        };
        let mut attributes = Attributes::default();
        let mut read = |kept: &mut Kept, folder: &Folder, name: &str| {
            kept.rewind();
            attributes.kept_bytes(folder, name, kept).map(<[u8]>::to_vec)
        };
        let mut kept = Kept::of(&lo);
        assert!(kept.may_last());
        for _ in 0..3 {
            assert_eq!(read(&mut kept, &lo, "ifindex").as_deref(), Some(&b"1\n"[..]));
            assert!(matches!(kept.files[..], [Some(_)]));
        }
        let mut kept = Kept::of(&lo);
        assert_eq!(read(&mut kept, &lo, "none"), None);
        assert!(matches!(kept.files[..], [None]));
        let root = root(&[("ifindex", "7\n")]);
        let other = Folder::open(root.path()).unwrap();
        let mut kept = Kept::of(&other);
        assert_eq!(read(&mut kept, &other, "ifindex").as_deref(), Some(&b"7\n"[..]));
        assert!(
            !kept.may_last() && kept.files.is_empty(),
            "only files of sysfs stay open"
        );
    }

    #[test]
    fn the_first_odd_error_is_told_once_at_the_end() {
        let root = root(&[("one/x", ""), ("two/x", "")]);
        let folder = Folder::open(root.path()).unwrap();
        let mut attributes = Attributes::default();
        // Reading a directory is an error that no attribute gives.
        assert_eq!(attributes.text(&folder, c"one"), None);
        assert_eq!(attributes.text(&folder, c"two"), None);
        let error = attributes.finish().unwrap_err();
        assert!(matches!(error, CollectError::Failed(_)));
        assert!(error.to_string().contains("/one: "), "{error}");
        assert!(attributes.finish().is_ok());
    }

    #[test]
    fn a_malformed_file_is_odd_and_missing_alone() {
        let root = root(&[("good", "0.5 1 2 1/2 3\n"), ("bad", "0.5 x\n")]);
        let folder = Folder::open(root.path()).unwrap();
        let mut attributes = Attributes::default();
        let mut parse = |name| attributes.parse(&folder, name, kernel_stats::loadavg::parse);
        assert!(parse("bad").is_none() && parse("none").is_none() && parse("good").is_some());
        let error = attributes.finish().unwrap_err();
        assert!(matches!(error, CollectError::Failed(_)));
        let start = format!("parsing {}: ", root.path().join("bad").display());
        assert!(error.to_string().starts_with(&start), "{error}");
    }

    #[test]
    fn a_missing_folder_is_no_data() {
        let error = CollectError::from(Folder::open(Path::new("/does/not/exist")).unwrap_err());
        assert!(matches!(error, CollectError::NoData(_)), "{error}");
        assert!(Folder::find(Path::new("/does/not/exist")).unwrap().is_none());
        assert!(Folder::find(root(&[]).path()).unwrap().is_some());
    }
}
