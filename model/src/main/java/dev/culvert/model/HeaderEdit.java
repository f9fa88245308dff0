package dev.culvert.model;

import java.util.List;

/// What is changed in the header of a request or response: first what is removed, then what is set (in the place of
/// fields of that name), then what is added (beside them).
///
/// @param remove names in lower case
public record HeaderEdit(List<HeaderField> set, List<HeaderField> add, List<String> remove) {
    public static final HeaderEdit NONE = new HeaderEdit(List.of(), List.of(), List.of());

    public HeaderEdit {
        set = List.copyOf(set);
        add = List.copyOf(add);
        remove = List.copyOf(remove);
    }

    public boolean isEmpty() {
        return set.isEmpty() && add.isEmpty() && remove.isEmpty();
    }
}
