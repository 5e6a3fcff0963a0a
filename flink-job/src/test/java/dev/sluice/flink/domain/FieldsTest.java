package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where fields are found, and what stands in their way. */
class FieldsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "-",
            value = {
                "a b          | {\"c\":{},\"b\":2,\"\\u0061\":\"x\",\"c\":0,\"d\":0} | \"x\" 2 | c c d",
                "a.b          | {\"a\":{\"b\":1,\"c\":2},\"b\":3}       | 1              | a.c b",
                "a.b          | {\"a.b\":1}                             | 1              | -",
                "a.b          | {\"a.b\":1,\"a\":{\"b\":1}}             | duplicate_field | -",
                "a.b          | {\"a\":{\"b\":1},\"a\":{\"b\":1}}       | duplicate_field | -",
                "a.b a.c      | {\"a\":{\"b\":1},\"a\":{\"c\":2}}       | 1 2            | -",
                "a.b          | {\"a\":null}                            | none           | -",
                "a.b          | {\"a\":\" \"}                           | none           | -",
                "a.b a.c      | {\"a\":5}                               | a:number a:number | -",
                "a.b          | {\"a\":[{\"b\":1}]}                     | a:array        | -",
                "a[0]         | {\"a\":{\"0\":1}}                       | a:object       | -",
                "a.b          | {\"a\":5,\"a.b\":1}                     | 1              | a",
                "a.b          | {\"a.b\":1,\"a\":5}                     | 1              | a",
                "a.b.c        | {\"a\":{\"b\":true,\"c\":0}}            | a.b:boolean    | a.c",
                "s[1].t       | {\"s\":[{\"t\":1},{\"t\":2,\"u\":3},[]]} | 2             | s[0] s[1].u s[2]",
                "s[1].t       | {\"s\":[]}                              | none           | -",
                "m[1][0]      | {\"m\":[0,[7,8]]}                       | 7              | m[0] m[1][1]",
                "a a.b        | {\"a\":{\"b\":1}}                       | {\"b\":1} 1    | -",
                "a.\"b.c\" t[C] | {\"a\":{\"b.c\":1},\"t[C]\":2}        | 1 2            | -",
                "a.b \"a.b\"  | {\"a.b\":1,\"a\":{\"b\":2}}             | 2 1            | -",
                "\"a\\\\\\\"\" $ | {\"a\\\\\\\"\":1,\"$\":2}              | 1 2            | -",
            })
    void paths_lead_through_objects_and_arrays(String paths, String event, String found, String undeclared) {
        FieldTree tree = new FieldTree();
        List<Integer> slots =
                Arrays.stream(paths.split(" ")).map(Path::of).map(tree::declare).toList();
        Undeclared others = new Undeclared(10);
        Fields fields = (Fields) Fields.read(Utf8.of(event), tree.withLiterals(), "", others);
        List<String> values = slots.stream().map(slot -> shown(fields, slot)).toList();
        assertEquals(found, String.join(" ", values));
        assertEquals(undeclared == null ? "" : undeclared, String.join(" ", others.names()));
        assertEquals(others.names().size(), others.count());
    }

    private static String shown(Fields fields, int slot) {
        Fault fault = fields.fault(slot);
        if (fault == null) {
            Utf8 value = fields.get(slot);
            return value == null ? "none" : value.toString();
        }
        return fault.code().equals("path_blocked")
                ? fault.sentence().replaceAll("the path ends at (.*), which is (an? )?(.*)", "$1:$3")
                : fault.code();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | false", "a..b | false", "a. | false", "t[C] | false", "t[1 | false", "t[99999999999] | false",
                "\"a | false", "\"a\"b | false", "a\"b | false", "a | false", "größe (°C) | false", "a.b | true",
                "m[1][2] | true"
            })
    void what_is_no_path_is_a_name(String text, boolean deep) {
        List<Path.Step> steps = Path.of(text).steps();
        assertEquals(!deep, steps.equals(List.of(new Path.Member(text))), steps.toString());
    }
}
