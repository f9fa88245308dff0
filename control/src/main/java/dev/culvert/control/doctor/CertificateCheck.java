package dev.culvert.control.doctor;

import dev.culvert.control.acme.CertificateView;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;

/// Whether visitors of a name are shown a certificate that their browsers believe, and will be next week.
final class CertificateCheck implements Check {
    // Who has to put a file in its place wants to know some days before.
    private static final Duration SOON = Duration.ofDays(7);

    private final CertificateView view;
    private final InstantSource clock;

    CertificateCheck(CertificateView view, InstantSource clock) {
        this.view = view;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "certificate of " + view.name();
    }

    @Override
    public Finding run() {
        Instant now = clock.instant();
        boolean failing = !view.error().isEmpty();
        if (view.source().equals("stand-in")) {
            return standIn(failing);
        }
        String until = view.notAfter().atOffset(ZoneOffset.UTC).toLocalDate().toString();
        if (!view.notAfter().isAfter(now)) {
            String why = failing ? "; the latest try to renew it: " + view.error() : "";
            return Finding.broken(name(), "it ended on " + until + ": browsers refuse it" + why, fix());
        }
        if (failing) {
            return Finding.warn(name(), "good until " + until + ", but its renewal fails: " + view.error(), fix());
        }
        boolean byHand = view.source().equals("file");
        return byHand && view.notAfter().minus(SOON).isBefore(now)
                ? Finding.warn(name(), "it ends on " + until, fix())
                : Finding.ok(name(), view.issuer() + ", until " + until);
    }

    private Finding standIn(boolean failing) {
        String itself = "it is signed by itself, browsers warn";
        if (failing) {
            return Finding.broken(name(), itself + "; the latest order: " + view.error(), fix());
        }
        return view.state().equals("off")
                ? Finding.warn(
                        name(),
                        itself + "; none is ordered",
                        "have it ordered by a section acme: in the file, or name files of its own: tls.certificate and tls.key")
                : Finding.warn(name(), itself + " until the one that is ordered comes", "wait a minute and look again");
    }

    private String fix() {
        if (!view.remedy().isEmpty()) {
            return view.remedy();
        }
        return view.source().equals("file")
                ? "put a new certificate and its key in their files; they are read by themselves"
                : "culvert certificate renew " + view.name()
                        + " tries again now, and culvert status says what came of it";
    }
}
