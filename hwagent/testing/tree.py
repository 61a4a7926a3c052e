"""Writing a sysfs and procfs tree: files, directories and links as the kernel lays them out."""

import os
from pathlib import Path

Content = str | int | float | bytes


class Tree:
    """A directory that stands for ``/`` of a simulated host."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._written: dict[str, bytes] = {}

    def write(self, relative: str, content: Content) -> None:
        """Writes one file; text gets the newline that the kernel ends every value with.

        Readers see the old content or the new, never a part. A file that was written the same or
        taken before is left alone, so that what somebody else writes to it stays to be taken.
        """
        data = content if isinstance(content, bytes) else f"{content}\n".encode()
        if self._written.get(relative) == data:
            return
        file, beside = self.path / relative, self.path / ".new"
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        known, times = file.exists(), file.parent.stat()
        beside.replace(file)
        if known:  # a directory of sysfs is no other one because a value in it is
            os.utime(file.parent, ns=(times.st_atime_ns, times.st_mtime_ns))
        self._written[relative] = data

    def take(self, relative: str) -> str:
        """What a file holds, whoever wrote it: it is written again only to hold something else."""
        text = self.read(relative)
        if text:
            self._written[relative] = f"{text}\n".encode()
        return text

    def fill(self, directory: str, files: dict[str, Content]) -> None:
        """Writes several files of one directory."""
        for name, content in files.items():
            self.write(f"{directory}/{name}", content)

    def read(self, relative: str, default: str = "") -> str:
        """Text of a file without its newline."""
        try:
            return (self.path / relative).read_text().strip()
        except OSError:
            return default

    def number(self, relative: str, default: int = 0) -> int:
        """A file that holds a number."""
        text = self.read(relative)
        return int(text) if text.lstrip("-").isdecimal() else default

    def link(self, relative: str, target: str) -> None:
        """A symbolic link to another place of the tree, relative as in sysfs."""
        place = self.path / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        real_parent = place.parent.resolve()
        leads = os.path.relpath(self.path.resolve() / target, real_parent)
        if place.is_symlink() and os.readlink(place) == leads:
            return
        place.unlink(missing_ok=True)
        place.symlink_to(leads)

    def remove(self, relative: str) -> None:
        """Removes a file, link or whole directory; what is not there is no error."""
        place = self.path / relative
        self._written.pop(relative, None)
        if place.is_symlink() or place.is_file():
            place.unlink(missing_ok=True)
        elif place.is_dir():
            for child in place.iterdir():
                self.remove(str(child.relative_to(self.path)))
            place.rmdir()

    def names(self, relative: str) -> list[str]:
        """Sorted names in a directory; none if it is not there."""
        place = self.path / relative
        return sorted(p.name for p in place.iterdir()) if place.is_dir() else []
