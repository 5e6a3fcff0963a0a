package dev.sluice.flink.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class ShardEnumeratorTest {
    @Test
    void neighboursGoToDifferentReaders() {
        Set<Integer> readers = new TreeSet<>();
        for (String id : List.of("shardId-000000000000", "shardId-000000000001", "shardId-000000000002")) {
            readers.add(ShardEnumerator.reader(id, 3));
        }
        assertEquals(Set.of(0, 1, 2), readers);
        assertEquals(0, ShardEnumerator.reader("shardId-000000000007", 1));
    }

    @Test
    void positionsOutliveTheJob() throws IOException {
        Shards shards = new Shards(
                new TreeSet<>(Set.of("shardId-000000000000", "shardId-000000000001")),
                List.of(Shard.untouched("shardId-000000000001"), new Shard("shardId-000000000002", "4961")));
        ShardsSerializer many = new ShardsSerializer();
        assertEquals(shards, many.deserialize(many.getVersion(), many.serialize(shards)));
        ShardSerializer one = new ShardSerializer();
        Shard shard = shards.unassigned().get(1);
        assertEquals(shard, one.deserialize(one.getVersion(), one.serialize(shard)));
    }
}
