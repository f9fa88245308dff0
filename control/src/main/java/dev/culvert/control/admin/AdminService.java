package dev.culvert.control.admin;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.dataplane.internal.InternalService;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What the operator can ask of a running node, over the admin socket: the calls of a table, which is also the OpenAPI
/// document at `GET /openapi.json`.
public final class AdminService implements InternalService {
    private final List<Call> calls = new ArrayList<>();

    AdminService(List<Call> calls) {
        this.calls.addAll(calls);
        this.calls.add(
                Call.get("/openapi.json", "This interface as an OpenAPI document.", _ -> OpenApi.document(this.calls)));
    }

    /// The OpenAPI document.
    Map<String, Object> openApi() {
        return OpenApi.document(calls);
    }

    @Override
    public Response handle(Request request) {
        try {
            for (Call call : calls) {
                if (call.method().equals(request.method()) && call.path().equals(request.path())) {
                    Arguments arguments = arguments(request.body());
                    return Response.json(JSON.std.asString(call.handler().handle(arguments)));
                }
            }
            return Response.error(404, "no such call here: " + request.method() + " " + request.path());
        } catch (IllegalArgumentException e) {
            return Response.error(400, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return Response.error(503, String.valueOf(e.getMessage()));
        }
    }

    private static Arguments arguments(String body) {
        try {
            return new Arguments(body.isEmpty() ? Map.of() : JSON.std.mapFrom(body));
        } catch (IOException e) {
            throw new IllegalArgumentException("the body is no JSON object", e);
        }
    }
}
