package dev.culvert.dataplane;

import dev.culvert.dataplane.tls.Tls;
import dev.culvert.model.decide.Admission;
import java.util.function.Supplier;

/// What every ingress needs to turn a visitor into a connection with a target.
///
/// @param runtime gives what holds now; asked once per connection (TCP) or request (HTTP)
/// @param tls what names are served with, and what authorities ask for
/// @param admission the bans and limits, which outlive every runtime
public record Doorway(
        Supplier<RunningModel> runtime,
        Admission admission,
        Dialer dialer,
        ConnectionRegistry connections,
        Events events,
        Tls tls) {}
