//! Gives back the pages of the program's own code that only its start needed.
//!
//! Linux maps code in pieces of 64 KiB around each page that is touched, and a start touches a little of everything:
//! most of the program counts as memory in use although hardly any of it runs again. What is still needed comes back
//! by itself, from the page cache.

use std::fs;
use std::path::Path;

use tracing::debug;

/// Drops this process's mappings of the program's code, once. Where that cannot be done nothing changes.
pub fn shed_code() {
    let (Ok(program), Ok(maps)) = (fs::read_link("/proc/self/exe"), fs::read_to_string("/proc/self/maps")) else {
        return;
    };
    for (from, bytes) in code_of(&program, &maps) {
        // SAFETY: the pages are a private mapping of a file that nobody writes to: they are neither writable nor ever
        // were (only `r-xp` is taken), so whoever reads or runs them next finds the same bytes in the file.
        #[allow(unsafe_code, reason = "there is no safe way to say this, and it is one call")]
        let answer = unsafe { libc::madvise(from as *mut libc::c_void, bytes, libc::MADV_DONTNEED) };
        debug!(bytes, answer, "code that the start needed is given back");
    }
}

/// The beginning and length of each mapping of this program's code, from a list as in `/proc/self/maps`.
fn code_of<'m>(program: &'m Path, maps: &'m str) -> impl Iterator<Item = (usize, usize)> + 'm {
    maps.lines().filter_map(move |line| {
        let mut words = line.split_ascii_whitespace();
        let (range, may) = (words.next()?, words.next()?);
        // Offset, device, inode; then the path, which may have spaces.
        let path = line.get(line.find('/')?..)?;
        if may != "r-xp" || Path::new(path) != program {
            return None;
        }
        let (from, to) = range.split_once('-')?;
        let (from, to) = (usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?);
        Some((from, to.checked_sub(from)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_this_program_is_given_back() {
        let maps = "7f00-7f10 r--p 00000000 fe:00 1 /opt/the inn/innkeeper\n\
            7f1000-7f3000 r-xp 00001000 fe:00 1                  /opt/the inn/innkeeper\n\
            7f3000-7f4000 rw-p 00003000 fe:00 1                  /opt/the inn/innkeeper\n\
            7f5000-7f6000 r-xp 00000000 fe:00 2                  /usr/lib/libc.so\n\
            7f7000-7f8000 rwxp 00000000 fe:00 1                  /opt/the inn/innkeeper\n\
            7ff000-7ff100 r-xp 00000000 00:00 0                  [vdso]\n\
            nonsense\n";
        let found: Vec<_> = code_of(Path::new("/opt/the inn/innkeeper"), maps).collect();
        assert_eq!(found, [(0x7f_1000, 0x2000)]);
    }

    #[test]
    fn the_program_runs_on_afterwards() {
        shed_code();
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        assert!(code_of(&fs::read_link("/proc/self/exe").unwrap(), &maps).count() > 0);
    }
}
