package dev.culvert.dataplane;

import dev.culvert.model.Model;
import dev.culvert.model.decide.Router;

/// What holds now: a model and what was computed from it. One volatile reference in [Node] leads to it; a reload puts a
/// new one in its place, and who has the old one finishes with it.
///
/// @param hsts what browsers are told by Strict-Transport-Security; empty for nothing
public record RunningModel(Model model, Router router, String hsts) {
    public static RunningModel of(Model model) {
        int seconds = model.https().hstsSeconds();
        return new RunningModel(model, new Router(model), seconds == 0 ? "" : "max-age=" + seconds);
    }
}
