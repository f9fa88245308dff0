package dev.culvert.dataplane;

import dev.culvert.dataplane.access.BasicAuth;
import dev.culvert.model.Model;
import dev.culvert.model.decide.Router;
import dev.culvert.model.decide.Targets;
import java.util.Map;
import java.util.function.UnaryOperator;

/// What holds now: a model and what was computed from it. One volatile reference in [Node] leads to it; a reload puts a
/// new one in its place, and who has the old one finishes with it.
///
/// @param targets what is known of each target, which goes on from one model to the next
/// @param files what files that the model names say
/// @param hsts what browsers are told by Strict-Transport-Security; empty for nothing
public record RunningModel(Model model, Router router, Targets targets, ServiceFiles files, String hsts) {
    static RunningModel of(Model model, BasicAuth passwords) {
        return of(model, Targets.NONE, new ServiceFiles(Map.of(), passwords));
    }

    RunningModel next(Model model, ServiceFiles files, UnaryOperator<String> secretly) {
        return of(model, targets.next(model, secretly), files);
    }

    public static RunningModel of(Model model, Targets targets, ServiceFiles files) {
        int seconds = model.https().hstsSeconds();
        return new RunningModel(model, new Router(model), targets, files, seconds == 0 ? "" : "max-age=" + seconds);
    }
}
