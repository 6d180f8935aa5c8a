#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/labgrid/vhart_driver.py beside a small stand-in for labgrid: check.py MACHINE.

MACHINE (machine.c) is started in vhart's place. It has vhart's own control socket.
"""
import os
import subprocess
import sys
import time
import types

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(top, "tests", "unit"))
sys.dont_write_bytecode = True
from tap import end, tap

driver_path = os.path.join(top, "examples", "labgrid", "vhart_driver.py")
machine = os.path.abspath(sys.argv[1])


# ---- as much of attrs, pexpect and labgrid as a driver touches ----

class Field:
    def __init__(self, default=None, validator=None):
        self.default = default


def attr_s(eq=True):
    def make(cls):
        fields = {}
        for base in reversed(cls.__mro__):
            fields.update({name: value for name, value in vars(base).items() if isinstance(value, Field)})

        def init(self, target, name, **given):
            unknown = set(given) - set(fields)
            if unknown:
                raise TypeError(f"unknown: {unknown}")
            self.target, self.name = target, name
            for field, value in fields.items():
                setattr(self, field, given.get(field, value.default))
            self.__attrs_post_init__()

        cls.__init__ = init
        return cls

    return make


class Timeout(Exception):
    pass


class EndOfFile(Exception):
    pass


class ExecutionError(Exception):
    pass


class Logger:
    def debug(self, *words):
        pass


class Driver:
    active = False

    def __attrs_post_init__(self):
        self.logger = Logger()

    @staticmethod
    def check_active(function):
        def checked(self, *args, **more):
            if not self.active:
                raise AssertionError(f"{function.__name__} of a driver that is not active")
            return function(self, *args, **more)

        return checked


class ConsoleExpectMixin:
    def __attrs_post_init__(self):
        super().__attrs_post_init__()
        self.seen = b""

    def expect(self, pattern, timeout=60):
        """Bytes, and no more than them."""
        end = time.monotonic() + timeout
        while pattern not in self.seen:
            self.seen += self._read(size=1, timeout=max(0, end - time.monotonic()))
        before, self.seen = self.seen.split(pattern, 1)
        return before

    def sendline(self, line):
        self._write(line.encode() + b"\n")


class Protocol:
    wanted = ()

    def __init_subclass__(cls, **more):
        super().__init_subclass__(**more)
        if "wanted" not in vars(cls):
            for name in [name for base in cls.__mro__ for name in vars(base).get("wanted", ())]:
                assert callable(getattr(cls, name, None)), f"{cls.__name__} has no {name}()"


class PowerProtocol(Protocol):
    wanted = ("on", "off", "cycle")


class ResetProtocol(Protocol):
    wanted = ("reset",)


class ConsoleProtocol(Protocol):
    wanted = ("expect", "sendline", "_read", "_write")


def step(**words):
    return lambda function: function


registered = []


def module(name, **members):
    made = types.ModuleType(name)
    vars(made).update(members)
    sys.modules[name] = made


def reg_driver(cls):
    registered.append(cls)
    return cls


module("attr", s=attr_s, ib=Field)
module("pexpect", TIMEOUT=Timeout, EOF=EndOfFile)
module("labgrid")
module("labgrid.driver", Driver=Driver)
module("labgrid.driver.consoleexpectmixin", ConsoleExpectMixin=ConsoleExpectMixin)
module("labgrid.driver.exception", ExecutionError=ExecutionError)
module("labgrid.factory", target_factory=types.SimpleNamespace(reg_driver=reg_driver))
module("labgrid.protocol", PowerProtocol=PowerProtocol, ResetProtocol=ResetProtocol, ConsoleProtocol=ConsoleProtocol)
module("labgrid.step", step=step)


class Config:
    tools = {"vhart": machine, "nothing": "/bin/false"}

    def get_tool(self, name):
        return self.tools[name]

    def get_image_path(self, name):
        return "/images/" + name


target = types.SimpleNamespace(name="main", env=types.SimpleNamespace(config=Config()))

# ---- the driver ----


def raises(kind, function, *args, **more):
    try:
        function(*args, **more)
    except kind as error:
        return str(error) or kind.__name__
    return ""


def load():
    with open(driver_path, encoding="utf-8") as file:
        code = compile(file.read(), driver_path, "exec")
    space = {"__name__": "vhart_driver"}
    exec(code, space)
    return space


space = load()
space["PATIENCE"] = 60
VhartDriver = space["VhartDriver"]
tap(registered == [VhartDriver], "the driver is registered", registered)

driver = VhartDriver(target, "vm", kernel="Image", initrd="initrd.img", append="console=ttyS0 quiet", cpus=2,
                     extra_args="--net user --name 'a b'")
tap(raises(AssertionError, driver.on), "it wants to be activated first")
driver.active = True
driver.on_activate()
folder = driver._folder
tap("the VM is off" in raises(ExecutionError, driver.control, "status"), "a VM that is off has no verbs")
tap("the VM is off" in raises(ExecutionError, driver.expect, b"x"), "and no console")

driver.on()
words = driver.expect(b"booted\n").decode().strip()
tap(words == "run --control --memory 512M --cpus 2 --kernel /images/Image --initrd /images/initrd.img "
    "--append console=ttyS0 quiet --net user --name a b", "vhart run gets the options", words)
tap(driver._control.greeting["name"] == "here" and driver._control.greeting["protocol"] == 1, "the socket greets",
    driver._control.greeting)
driver.sendline("hello")
tap(driver.expect(b"hello\n") == b"", "the console carries what is typed, and the answer")
tap(bool(raises(Timeout, driver.expect, b"never", timeout=0)), "nothing on the console is pexpect's TIMEOUT")
tap(driver.control("status") == {"state": "running"}, "a verb gives its result")
tap(raises(ExecutionError, driver.control, "dump", file="/tmp/x") == "dump: it has no memory", "one that fails says why")
tap("there is no verb 'fly'" in raises(ExecutionError, driver.control, "fly"), "and one that is not there")
tap(driver._control._socket.gettimeout() is None, "a verb may take as long as it does")
first = driver._child.pid
driver.on()
tap(driver._child.pid == first, "on() of a VM that is on does nothing")
driver.reset()
driver.expect(b"booted\n")
tap(driver._child.pid == first, "reset() has it boot again, in the same process")
driver.cycle()
driver.expect(b"booted\n")
tap(driver._child.pid != first, "cycle() has another process boot")
child = driver._child
driver.off()
tap(child.returncode == 0 and driver._child is None, "off() ends it by the socket", child.returncode)
driver.off()
tap(not os.path.exists(os.path.join(folder, "control")), "and nothing listens any more")

# It ends by itself.
driver.on()
driver.expect(b"booted\n")
driver._child.stdin.close()
tap(bool(raises(EndOfFile, driver.expect, b"never")), "a VM that ends is pexpect's EOF")
driver._child.wait()
tap(bool(raises((ExecutionError, OSError), driver.control, "status")), "and has no verbs any more")
driver.off()
driver.on()
driver.expect(b"booted\n")
tap(driver._child.poll() is None, "and can be turned on again")
child = driver._child
driver.on_deactivate()
tap(not os.path.exists(folder), "deactivating leaves nothing behind")
tap(child.returncode == 0, "and ends it by the socket, too", child.returncode)


class Deaf:
    """A process that ends when it was told N times."""
    stdin = stdout = types.SimpleNamespace(close=lambda: None)

    def __init__(self, times):
        self.times = times
        self.told = []

    def terminate(self):
        self.told.append("terminate")

    def kill(self):
        self.told.append("kill")

    def wait(self, timeout=None):
        if len(self.told) < self.times:
            raise subprocess.TimeoutExpired("vhart", timeout)


for times, told in enumerate((["terminate"], ["terminate", "terminate"], ["terminate", "terminate", "kill"]), start=1):
    driver._child = child = Deaf(times)
    driver._end()
    tap(child.told == told and driver._child is None, f"one without a socket that ends when it is told {times} times",
        child.told)

broken = VhartDriver(target, "vm", vhart="nothing", firmware="u-boot.bin", disk="disk.img")
broken.active = True
broken.on_activate()
tap("vhart ended with status 1" in raises(ExecutionError, broken.on), "a vhart that does not start is said")
command = broken._command("p")
tap(command[-4:] == ["--firmware", "/images/u-boot.bin", "--disk", "/images/disk.img"], "firmware and a disk", command)
broken.on_deactivate()
no_tool = VhartDriver(target, "vm", vhart="not there")
tap(no_tool._command("p")[0] == "vhart", "without a tool of that name it is the one in PATH")
end()
