"""Both ends of gRPC calls, without generated code: messages are bytes.

usage: grpc-peer.py serve ADDRESS PORT LOG          what became of calls stands in LOG
       grpc-peer.py ask ADDRESS PORT ROOTS HOST LOG CASE
"""
import sys
import threading
import time
from concurrent import futures

import grpc

SERVICE = "lab.Echo"


class Echo(grpc.GenericRpcHandler):
    def __init__(self, log):
        self.log = open(log, "a", buffering=1)
        self.methods = {
            "Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "Both": grpc.stream_stream_rpc_method_handler(self.both),
            "Sum": grpc.stream_unary_rpc_method_handler(self.sum),
            "Count": grpc.unary_stream_rpc_method_handler(self.count),
            "Refuse": grpc.unary_unary_rpc_method_handler(self.refuse),
            "Wait": grpc.stream_stream_rpc_method_handler(self.wait),
        }

    def service(self, details):
        service, method = details.method[1:].split("/")
        return self.methods.get(method) if service == SERVICE else None

    def unary(self, request, context):
        asked = dict(context.invocation_metadata())
        context.send_initial_metadata((("x-first", "1"),))
        context.set_trailing_metadata((("x-last-bin", b"\x00\xff"), ("x-asked", asked.get("x-asked", ""))))
        return request

    def both(self, requests, context):
        yield from requests

    def sum(self, requests, context):
        return str(sum(len(each) for each in requests)).encode()

    def count(self, request, context):
        for number in range(int(request)):
            yield str(number).encode()

    def refuse(self, request, context):
        context.set_trailing_metadata((("x-why", "because"),))
        context.abort(grpc.StatusCode.NOT_FOUND, "no café")

    def wait(self, requests, context):
        ended = threading.Event()
        context.add_callback(ended.set)
        name = next(requests).decode()
        left = context.time_remaining()
        self.log.write(f"{name} began {-1 if left is None else left:.2f}\n")
        yield b"begun"
        ended.wait(60)
        self.log.write(f"{name} ended {time.time():.3f}\n")


def serve(address, port, log):
    server = grpc.server(futures.ThreadPoolExecutor(64), handlers=[Echo(log)])
    if server.add_insecure_port(f"{address}:{port}") == 0:
        raise SystemExit("port taken")
    server.start()
    server.wait_for_termination()


def expect(what, expected, actual):
    if expected != actual:
        raise SystemExit(f"{what}: expected {expected!r}, was {actual!r}")


class Client:
    def __init__(self, address, port, roots, host, log):
        self.log = log
        credentials = grpc.ssl_channel_credentials(open(roots, "rb").read())
        self.channel = grpc.secure_channel(
            f"{address}:{port}", credentials, (("grpc.ssl_target_name_override", host),))
        grpc.channel_ready_future(self.channel).result(10)

    def method(self, kind, name):
        return getattr(self.channel, kind)(f"/{SERVICE}/{name}")

    def unary(self):
        method = self.method("unary_unary", "Unary")
        for size in (0, 1, 16_000, 1 << 20):
            answer, call = method.with_call(b"a" * size, timeout=20, metadata=(("x-asked", "yes"),))
            expect("the message", b"a" * size, answer)
            expect("first metadata", "1", dict(call.initial_metadata()).get("x-first"))
            last = dict(call.trailing_metadata())
            expect("last metadata", (b"\x00\xff", "yes"), (last.get("x-last-bin"), last.get("x-asked")))

    def both(self):
        """Each message waits for the one before to have come back, so neither direction is held until the other ends."""
        turn = threading.Semaphore(1)

        def messages():
            for number in range(300):
                turn.acquire(timeout=20)
                yield str(number).encode() * (1 + number % 3 * 10_000)

        for number, answer in enumerate(self.method("stream_stream", "Both")(messages(), timeout=60)):
            expect("its turn", str(number).encode() * (1 + number % 3 * 10_000), answer)
            turn.release()
        expect("messages", 299, number)

    def one_way(self):
        total = self.method("stream_unary", "Sum")((b"x" * 10_000 for _ in range(2_000)), timeout=60)
        expect("bytes sent", b"20000000", total)
        numbers = [int(each) for each in self.method("unary_stream", "Count")(b"5000", timeout=60)]
        expect("messages", list(range(5000)), numbers)

    def parallel(self):
        method = self.method("unary_unary", "Unary")
        calls = [method.future(str(number).encode(), timeout=60) for number in range(500)]
        expect("answers", [str(number).encode() for number in range(500)], [call.result() for call in calls])

    def errors(self):
        try:
            self.method("unary_unary", "Refuse")(b"", timeout=20)
        except grpc.RpcError as error:
            expect("status", (grpc.StatusCode.NOT_FOUND, "no café"), (error.code(), error.details()))
            expect("trailer", "because", dict(error.trailing_metadata()).get("x-why"))
        else:
            raise SystemExit("no error")
        try:
            self.method("unary_unary", "Nothing")(b"", timeout=20)
        except grpc.RpcError as error:
            expect("status", grpc.StatusCode.UNIMPLEMENTED, error.code())

    def ended(self, name):
        end = time.time() + 20
        while time.time() < end:
            for line in open(self.log):
                words = line.split()
                if words[:2] == [name, "ended"]:
                    return float(words[2])
            time.sleep(0.05)
        raise SystemExit(f"{name}: the server did not hear of its end")

    def wait(self, name, timeout):
        held = threading.Event()

        def messages():
            yield name.encode()
            held.wait(60)

        call = self.method("stream_stream", "Wait")(messages(), timeout=timeout)
        expect("the first answer", b"begun", next(call))
        return call, held

    def cancel(self):
        call, held = self.wait("cancelled", None)
        began = time.time()
        call.cancel()
        after = self.ended("cancelled") - began
        held.set()
        if after > 1:
            raise SystemExit(f"the server heard of it after {after:.2f} s")
        print(f"{max(after, 0) * 1000:.0f} ms")

    def deadline(self):
        call, held = self.wait("late", 3)
        try:
            next(call)
        except grpc.RpcError as error:
            expect("status", grpc.StatusCode.DEADLINE_EXCEEDED, error.code())
        else:
            raise SystemExit("no error")
        self.ended("late")
        held.set()
        left = [float(line.split()[2]) for line in open(self.log) if line.startswith("late began ")][0]
        if not 0 < left <= 3.5:
            raise SystemExit(f"the server was told {left} s")

    def unavailable(self):
        try:
            self.method("unary_unary", "Unary")(b"", timeout=20)
        except grpc.RpcError as error:
            expect("status", grpc.StatusCode.UNAVAILABLE, error.code())
        else:
            raise SystemExit("no error")


if sys.argv[1] == "serve":
    serve(*sys.argv[2:])
else:
    getattr(Client(*sys.argv[2:7]), sys.argv[7])()
