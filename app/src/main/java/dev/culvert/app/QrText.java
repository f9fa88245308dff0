package dev.culvert.app;

import io.nayuki.qrcodegen.QrCode;

/// A QR code for a terminal: two modules a character, dark on light with a quiet zone, so that phones read it from dark
/// and light screens alike.
final class QrText {
    private static final int QUIET = 2;

    private QrText() {}

    static String of(String text) {
        QrCode code = QrCode.encodeText(text, QrCode.Ecc.LOW);
        StringBuilder out = new StringBuilder();
        for (int y = -QUIET; y < code.size + QUIET; y += 2) {
            out.append("\u001b[30;47m");
            for (int x = -QUIET; x < code.size + QUIET; x++) {
                boolean upper = code.getModule(x, y);
                boolean lower = code.getModule(x, y + 1);
                out.append(upper ? (lower ? '█' : '▀') : (lower ? '▄' : ' '));
            }
            out.append("\u001b[0m\n");
        }
        return out.toString();
    }
}
