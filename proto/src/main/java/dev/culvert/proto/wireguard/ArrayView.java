package dev.culvert.proto.wireguard;

import java.nio.ByteBuffer;

/// A ByteBuffer over a part of whatever array comes by; callers reuse few arrays, so it is seldom made anew.
// The same array, not one with the same bytes.
@SuppressWarnings("ReferenceEquality")
final class ArrayView {
    static final byte[] EMPTY = new byte[0];

    private byte[] array = EMPTY;
    private ByteBuffer view = ByteBuffer.wrap(EMPTY);

    ByteBuffer of(byte[] target, int offset, int length) {
        if (target != array) {
            array = target;
            view = ByteBuffer.wrap(target);
        }
        return view.clear().position(offset).limit(offset + length);
    }
}
