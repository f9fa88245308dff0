package dev.culvert.dataplane.http;

import dev.culvert.dataplane.RunningModel;
import dev.culvert.model.BasicAuth;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.ForwardAuth;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.Service;
import dev.culvert.model.decide.Routed;
import dev.culvert.model.decide.TargetGroup;
import dev.culvert.model.decide.TargetState;
import dev.culvert.proto.http.RequestRules;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/// What a service changes in requests and responses, beyond what every one undergoes.
///
/// @param approval the answer of the service that decided, where there is one
record ServiceEdits(
        Routed routed,
        RunningModel runtime,
        Request request,
        RequestRules.Accepted verdict,
        @Nullable HttpHeaders approval) {
    /// The head that the target gets.
    HttpRequest toTarget(HttpIngress ingress, String id) {
        Service service = routed.service();
        HttpSettings settings = service.http();
        HttpRequest head = Heads.toTarget(request, verdict, ingress.forwarded(service, verdict));
        HttpHeaders headers = head.headers();
        headers.set(RequestId.FIELD, id);
        BasicAuth basic = service.access().basic();
        if (basic != null && !basic.forward()) {
            headers.remove(HttpHeaderNames.AUTHORIZATION);
        }
        ForwardAuth auth = service.access().forwardAuth();
        if (auth != null && approval != null) {
            ForwardAuthRequest.copy(approval, headers, auth);
        }
        String prefix = routed.prefix();
        if (settings.rewritePrefix() != null) {
            head.setUri(settings.rewrite(prefix, verdict.target()));
            if (prefix.length() > 1 && service.clientAddress() != ClientAddress.NONE) {
                headers.set("X-Forwarded-Prefix", prefix);
            }
        }
        HeaderEdits.apply(settings.request(), headers);
        return head;
    }

    /// The head that the visitor gets; the same view where nothing changes.
    ///
    /// @param target who has answered
    Heads.ResponseView toVisitor(
            HttpResponse head, Heads.ResponseView answer, @Nullable TargetState target, boolean secure) {
        HttpSettings settings = routed.service().http();
        String cookie = newCookie(target, secure);
        boolean renewed = approval != null && approval.contains(HttpHeaderNames.SET_COOKIE);
        if (cookie == null && !renewed && settings.response().isEmpty()) {
            return answer;
        }
        HeaderEdits.apply(settings.response(), head.headers());
        if (cookie != null) {
            head.headers().add(HttpHeaderNames.SET_COOKIE, cookie);
        }
        if (approval != null && renewed) {
            // The session that the deciding service keeps with the visitor lives on.
            head.headers().add(HttpHeaderNames.SET_COOKIE, approval.getAll(HttpHeaderNames.SET_COOKIE));
        }
        return new Heads.ResponseView(head);
    }

    /// What keeps the visitor here from now on; null where nothing needs to, or it does already.
    private @Nullable String newCookie(@Nullable TargetState target, boolean secure) {
        if (target == null || !routed.service().balancing().sticky()) {
            return null;
        }
        TargetGroup group = runtime.targets().of(routed.service());
        boolean known = StickyCookie.read(request, group) == group.targets().indexOf(target);
        return known || group.targets().size() < 2 ? null : StickyCookie.write(target.id(), routed.prefix(), secure);
    }
}
