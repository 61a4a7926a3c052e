"""Puts conf/ into the wheel, where ``hwagent.config.load.shipped`` looks for it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConf(build_py):
    """An editable install has conf/ beside the package already."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            to = Path(self.build_lib, "hwagent", "conf")
            shutil.rmtree(to, ignore_errors=True)
            shutil.copytree("conf", to)


setup(cmdclass={"build_py": BuildWithConf})
