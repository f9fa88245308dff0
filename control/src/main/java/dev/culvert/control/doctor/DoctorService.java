package dev.culvert.control.doctor;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService;
import dev.culvert.model.Literals;
import dev.culvert.model.decide.Approach;
import dev.culvert.model.decide.Explanation;
import java.io.IOException;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `doctor` and `explain` for the operator; whatever else is asked goes to the next service.
///
/// The list of checks and each check are calls of their own, so that whoever asks can show what is known already.
public final class DoctorService implements InternalService {
    private final Node node;
    private final Doctor doctor;
    private final InternalService next;

    public DoctorService(Node node, Doctor doctor, InternalService next) {
        this.node = node;
        this.doctor = doctor;
        this.next = next;
    }

    @Override
    public Response handle(Request request) {
        try {
            return switch (request.method() + " " + request.path()) {
                case "POST /doctor" -> json(all(arguments(request)));
                case "POST /doctor/checks" -> json(checks(arguments(request)));
                case "POST /doctor/check" -> json(check(arguments(request)));
                case "POST /explain" -> json(explain(arguments(request)));
                default -> next.handle(request);
            };
        } catch (IllegalArgumentException e) {
            return Response.error(400, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return Response.error(503, String.valueOf(e.getMessage()));
        }
    }

    private static Map<String, Object> arguments(Request request) throws IOException {
        return request.body().isEmpty() ? Map.of() : JSON.std.mapFrom(request.body());
    }

    private static Response json(Map<String, ?> answer) throws IOException {
        return Response.json(JSON.std.asString(answer));
    }

    private static @Nullable String optional(Map<String, Object> arguments, String name) {
        return arguments.get(name) instanceof String text && !text.isEmpty() ? text : null;
    }

    private static String scope(Map<String, Object> arguments) {
        String scope = optional(arguments, "scope");
        return scope == null ? "" : scope;
    }

    private Map<String, Object> all(Map<String, Object> arguments) {
        List<Map<String, Object>> findings =
                doctor.findings(scope(arguments)).stream().map(Finding::map).toList();
        return Map.of("findings", findings, "view", doctor.view());
    }

    private Map<String, Object> checks(Map<String, Object> arguments) {
        List<String> names =
                doctor.checks(scope(arguments)).stream().map(Check::name).toList();
        return Map.of("checks", names, "view", doctor.view());
    }

    private Map<String, Object> check(Map<String, Object> arguments) {
        String name = optional(arguments, "check");
        List<Check> chosen = doctor.checks(scope(arguments)).stream()
                .filter(check -> check.name().equals(name))
                .toList();
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException("no check " + name);
        }
        return Examination.of(chosen, _ -> {}).getFirst().map();
    }

    private Map<String, Object> explain(Map<String, Object> arguments) {
        String approach = optional(arguments, "approach");
        if (approach == null) {
            throw new IllegalArgumentException("approach is missing");
        }
        String from = optional(arguments, "from");
        InetAddress visitor = from == null ? RouteCheck.ANYBODY : Literals.address(from);
        if (visitor == null) {
            throw new IllegalArgumentException("from: " + from + " (expected: an address such as 203.0.113.7)");
        }
        return map(node.explain(Approach.parse(approach), visitor));
    }

    /// As it goes over the admin socket and to `--json`.
    public static Map<String, Object> map(Explanation explanation) {
        List<Map<String, Object>> steps = explanation.steps().stream()
                .map(step -> {
                    Map<String, Object> map = new LinkedHashMap<>();
                    map.put("stage", step.stage().toString());
                    map.put("passed", step.passed());
                    map.put("text", step.text());
                    return map;
                })
                .toList();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("permitted", explanation.permitted());
        map.put("steps", steps);
        return map;
    }
}
