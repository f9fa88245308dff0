package dev.culvert.control.acme;

import dev.culvert.control.acme.Authority.OrderException;
import dev.culvert.model.AcmeSettings.Challenge;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeNetworkException;
import org.shredzone.acme4j.exception.AcmeNotSupportedException;
import org.shredzone.acme4j.exception.AcmeRateLimitedException;
import org.shredzone.acme4j.exception.AcmeServerException;
import org.shredzone.acme4j.exception.AcmeUserActionRequiredException;

/// What an authority's errors (RFC 8555 §6.7) mean for the operator: its own words, and what to do.
final class Faults {
    private Faults() {}

    static OrderException of(Exception thrown, String authority) {
        Throwable cause = thrown.getCause();
        Exception exception =
                thrown instanceof AcmeLazyLoadingException && cause instanceof AcmeException inner ? inner : thrown;
        return switch (exception) {
            case AcmeRateLimitedException limited ->
                new OrderException(new OrderFailure(
                        OrderFault.RATE_LIMITED,
                        authority + " has a limit: " + text(limited.getProblem()),
                        "nothing to be done: it is asked again when it said",
                        limited.getRetryAfter().orElse(null)));
            case AcmeUserActionRequiredException action ->
                new OrderException(
                        OrderFault.REFUSED,
                        authority + " wants its terms agreed to: " + text(action.getProblem()),
                        action.getTermsOfServiceUri().map(uri -> "read " + uri).orElse(""));
            case AcmeServerException server -> server(server, authority);
            case AcmeNotSupportedException unsupported ->
                new OrderException(
                        OrderFault.REFUSED,
                        authority + " does not know what is asked for: " + unsupported.getMessage(),
                        "look at acme.profile and acme.eab");
            case AcmeNetworkException network ->
                new OrderException(
                        OrderFault.UNREACHABLE,
                        authority + " does not answer: " + words(network.getCause()),
                        "if it lasts: can this machine reach it? A private authority needs acme.ca-file");
            default ->
                new OrderException(
                        OrderFault.UNREACHABLE,
                        authority + " answers as a broken server would: " + words(exception),
                        "");
        };
    }

    private static OrderException server(AcmeServerException server, String authority) {
        String type = type(server.getProblem());
        if (type.equals("serverInternal") || type.equals("badNonce")) {
            return new OrderException(
                    OrderFault.UNREACHABLE, authority + " is in trouble: " + text(server.getProblem()), "");
        }
        return new OrderException(
                OrderFault.REFUSED,
                authority + " refuses: " + text(server.getProblem()),
                switch (type) {
                    case "externalAccountRequired" -> "it wants an account of its own: set acme.eab";
                    case "invalidContact", "unsupportedContact" -> "set acme.email to an address that it accepts";
                    case "rejectedIdentifier" -> "this name cannot have a public certificate";
                    case "caa" -> "the domain's CAA record does not name this authority";
                    case "unauthorized" -> "its account may not do this: look at acme.eab";
                    default -> "";
                });
    }

    /// A proof that the authority did not accept.
    static OrderException rejected(String name, Challenge challenge, @Nullable Problem problem) {
        String type = problem == null ? "" : type(problem);
        String remedy = switch (type) {
            case "dns" -> "the name must have an A or AAAA record that leads to the gateway";
            case "caa" -> "the domain's CAA record does not name this authority";
            default ->
                switch (challenge) {
                    case HTTP_01 ->
                        "port 80 of every address that the name leads to (AAAA too) must reach this gateway";
                    case TLS_ALPN_01 ->
                        "port 443 of every address that the name leads to (AAAA too) must reach this gateway";
                    case DNS_01, AUTO -> "the domain's name servers must show the record to the world";
                };
        };
        String text = problem == null ? "without a word" : text(problem);
        return new OrderException(
                OrderFault.CHALLENGE_REJECTED, name + " was not accepted by " + challenge + ": " + text, remedy);
    }

    static OrderFailure local(Throwable exception) {
        return new OrderFailure(OrderFault.LOCAL, words(exception), "", (Instant) null);
    }

    private static String type(Problem problem) {
        String type = problem.getType().toString();
        return type.substring(type.lastIndexOf(':') + 1);
    }

    /// The authority's own words; what it says of single names comes after what it says of the whole.
    private static String text(Problem problem) {
        StringBuilder text =
                new StringBuilder(problem.getDetail().or(problem::getTitle).orElseGet(() -> type(problem)));
        for (Problem part : problem.getSubProblems()) {
            part.getDetail().ifPresent(detail -> text.append("; ").append(detail));
        }
        return line(text.toString());
    }

    private static String words(@Nullable Throwable thrown) {
        if (thrown == null) {
            return "no reason given";
        }
        String message = thrown.getMessage();
        return line(message == null || message.isBlank() ? thrown.getClass().getSimpleName() : message);
    }

    /// On one line and not endless: a stranger wrote it.
    static String line(String text) {
        String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
        return line.length() <= 400 ? line : line.substring(0, 400) + "…";
    }
}
