# SPDX-License-Identifier: Apache-2.0
"""VhartDriver: a VM of vhart as a target of labgrid, with power, reset and a console.

Put this file beside the environment's YAML file and name it there:

    targets:
      main:
        drivers:
          VhartDriver:
            kernel: kernel
            initrd: initrd
            memory: 1G
            cpus: 2
            append: console=ttyS0
            extra_args: --net user
    images:
      kernel: Image
      initrd: initrd.img
    imports:
      - vhart_driver.py

The VM starts with on(), or when a strategy turns it on, and ends with off(). ShellDriver and the like take it as their
console. vhart itself is the tool `vhart` of the environment's file, or the one in PATH.
"""
import atexit
import json
import os
import select
import shlex
import shutil
import socket
import subprocess
import tempfile
import time

import attr
from pexpect import EOF, TIMEOUT

from labgrid.driver import Driver
from labgrid.driver.consoleexpectmixin import ConsoleExpectMixin
from labgrid.driver.exception import ExecutionError
from labgrid.factory import target_factory
from labgrid.protocol import ConsoleProtocol, PowerProtocol, ResetProtocol
from labgrid.step import step

# Seconds: vhart opens its socket before it boots the guest, and has ended soon after it is told to.
PATIENCE = 30


class Control:
    """vhart's control socket: vhart-control(7)."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(PATIENCE)
            self._socket.connect(path)
            self._lines = self._socket.makefile("r", encoding="utf-8")
            self.greeting = self._next()
            # A verb takes as long as it does, and a line that came only in part would be lost.
            self._socket.settimeout(None)
        except BaseException:
            self._socket.close()
            raise
        self._id = 0

    def _next(self):
        line = self._lines.readline()
        if not line:
            raise ExecutionError("the VM has closed its control socket")
        return json.loads(line)

    def stop(self):
        """Ends the VM, which is waited for so long; then the socket is of no more use."""
        self._socket.settimeout(PATIENCE)
        self.ask("stop")

    def ask(self, verb, **args):
        """The result of VERB, an object; what went wrong is an ExecutionError."""
        self._id += 1
        request = {"id": self._id, "verb": verb, "args": args}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            answer = self._next()
            # Events have no id.
            if answer.get("id") == self._id:
                break
        if "error" in answer:
            raise ExecutionError(answer["error"])
        return answer["result"]

    def close(self):
        self._lines.close()
        self._socket.close()


@target_factory.reg_driver
@attr.s(eq=False)
class VhartDriver(ConsoleExpectMixin, Driver, PowerProtocol, ResetProtocol, ConsoleProtocol):
    """
    Args:
        kernel (str): key of an image; or firmware is one
        initrd, firmware, disk (str): optional, keys of images
        append (str): optional, the kernel's command line
        memory (str): such as "1G"
        cpus (int): how many vCPUs
        extra_args (str): optional, more options of vhart run
        vhart (str): optional, key of the tool that vhart is
    """
    kernel = attr.ib(default=None)
    initrd = attr.ib(default=None)
    firmware = attr.ib(default=None)
    disk = attr.ib(default=None)
    append = attr.ib(default=None)
    memory = attr.ib(default="512M")
    cpus = attr.ib(default=1)
    extra_args = attr.ib(default="")
    vhart = attr.ib(default="vhart")

    def __attrs_post_init__(self):
        super().__attrs_post_init__()
        self.txdelay = None
        self._child = None
        self._control = None
        self._folder = None
        atexit.register(self._end)

    # ---- what is started ----

    def _command(self, path):
        config = self.target.env.config
        try:
            program = config.get_tool(self.vhart) or "vhart"
        except KeyError:
            program = "vhart"
        command = [program, "run", "--control", path, "--memory", self.memory, "--cpus", str(self.cpus)]
        for option in ("kernel", "initrd", "firmware", "disk"):
            image = getattr(self, option)
            if image is not None:
                command += ["--" + option, config.get_image_path(image)]
        if self.append is not None:
            command += ["--append", self.append]
        return command + shlex.split(self.extra_args)

    def _connect(self, path):
        """The socket appears with vhart's start. Nothing says when but a look."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return Control(path)
            except (FileNotFoundError, ConnectionRefusedError):
                pass
            if self._child.poll() is not None:
                raise ExecutionError(f"vhart ended with status {self._child.returncode}: what it said is on standard error")
            if time.monotonic() > end:
                raise ExecutionError("vhart does not open its control socket")
            time.sleep(0.01)

    def _stop(self):
        """By the socket. Whether vhart has heard it."""
        try:
            self._control.stop()
        except (ExecutionError, OSError) as why:
            # It has ended by itself, or hangs.
            self.logger.debug("stop: %s", why)
            return False
        finally:
            self._control.close()
            self._control = None
        return True

    def _has_ended(self):
        try:
            self._child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _end(self):
        """Whatever state it is in. The first SIGTERM only asks a guest that has a power key, and what is killed leaves
        images without what the guest wrote last."""
        ended = self._control is not None and self._stop() and self._has_ended()
        if self._child:
            for _ in range(2):
                if not ended:
                    self._child.terminate()
                    ended = self._has_ended()
            if not ended:
                self._child.kill()
                self._child.wait()
            self._child.stdin.close()
            self._child.stdout.close()
            self._child = None

    # ---- labgrid ----

    def on_activate(self):
        self._folder = tempfile.mkdtemp(prefix="labgrid-vhart-")

    def on_deactivate(self):
        self._end()
        shutil.rmtree(self._folder)

    @Driver.check_active
    @step()
    def on(self):
        if self._child:
            return
        path = os.path.join(self._folder, "control")
        self._child = subprocess.Popen(self._command(path), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self._control = self._connect(path)
        except BaseException:
            self._end()
            raise

    @Driver.check_active
    @step()
    def off(self):
        self._end()

    @Driver.check_active
    @step()
    def cycle(self):
        self.off()
        self.on()

    @Driver.check_active
    @step()
    def reset(self):
        self.control("reset")

    @step(result=True, args=["verb"])
    def control(self, verb, **args):
        """One verb of vhart-control(7): control("pause"), control("read", address="jiffies")."""
        if not self._control:
            raise ExecutionError("the VM is off")
        return self._control.ask(verb, **args)

    def _read(self, size=1, timeout=10, max_size=None):
        if not self._child:
            raise ExecutionError("the VM is off")
        if not select.select([self._child.stdout], [], [], timeout)[0]:
            raise TIMEOUT(f"nothing on the console for {timeout:.2f} seconds")
        data = os.read(self._child.stdout.fileno(), min(max_size or 4096, 4096))
        if not data:
            raise EOF("the VM has ended")
        return data

    def _write(self, data):
        if not self._child:
            raise ExecutionError("the VM is off")
        return os.write(self._child.stdin.fileno(), data)

    def __str__(self):
        return f"VhartDriver({self.target.name})"
