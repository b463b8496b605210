// Objects that a store holds more than once: in several packs, or packed and loose. Says which copy a walk visits.

internal import Model

/// Which copies a walk leaves out, and which loose objects it reads.
struct DuplicateObjects {
  /// For each pack a bit for each position of its index, set where an earlier pack has the object; empty for a pack
  /// without such objects.
  private var elsewhere: [[UInt64]]
  /// Loose objects that no pack has, each once.
  private(set) var loose: [ObjectID] = []
  /// Directories and tables that could not be read.
  private(set) var problems: [ObjectFailure] = []

  /// One copy of an object. Loose copies come after all packs.
  private struct Copy {
    var prefix: UInt64
    var source: Int
    var position: Int
  }

  /// Compares all ids of the store, one first byte at a time, so that little memory is needed.
  ///
  /// - Parameter skips: objects that nobody will ask for.
  init(_ store: ObjectStore, skips: ((ObjectID) -> Bool)? = nil) {
    elsewhere = Array(repeating: [], count: store.packs.count)
    for byte in UInt8.min...UInt8.max {
      let looseIDs = listLoose(store, byte)
      let holders = store.packs.indices.filter { !bucket(store.packs[$0], byte).isEmpty }
      if looseIDs.isEmpty && holders.count < 2 { continue }
      compare(store, byte, holders, looseIDs, skips)
    }
  }

  /// Whether an earlier pack has the object at `position` of the index of pack number `pack`.
  func isElsewhere(_ pack: Int, _ position: Int) -> Bool {
    let bits = elsewhere[pack]
    return !bits.isEmpty && bits[position >> 6] >> UInt64(position & 63) & 1 == 1
  }

  private func bucket(_ pack: Pack, _ byte: UInt8) -> Range<Int> {
    pack.index.fanout[Int(byte)]..<pack.index.fanout[Int(byte) + 1]
  }

  private mutating func listLoose(_ store: ObjectStore, _ byte: UInt8) -> [ObjectID] {
    var found: [ObjectID] = []
    for directory in store.directories {
      do throws(ObjectFailure) {
        found += try LooseObjects.names(directory, firstByte: byte, idCount: store.idCount)
      } catch { problems.append(error) }
    }
    return found
  }

  private mutating func compare(
    _ store: ObjectStore, _ byte: UInt8, _ holders: [Int], _ looseIDs: [ObjectID], _ skips: ((ObjectID) -> Bool)?
  ) {
    var copies: [Copy] = []
    var names = [[UInt8]](repeating: [], count: store.packs.count)
    for pack in holders {
      do throws(ObjectFailure) {
        names[pack] = try store.packs[pack].index.names(bucket(store.packs[pack], byte))
      } catch {
        problems.append(error)
        continue
      }
      let own = names[pack]
      for position in 0..<(own.count / store.idCount) {
        if let skips, skips(ObjectID.load(own.span, at: position * store.idCount, count: store.idCount)) { continue }
        copies.append(
          Copy(prefix: own.span.bigEndian64(at: position * store.idCount), source: pack, position: position))
      }
    }
    for (position, id) in looseIDs.enumerated() where !(skips?(id) ?? false) {
      let bytes = id.bytes
      copies.append(Copy(prefix: bytes.span.bigEndian64(at: 0), source: store.packs.count, position: position))
    }
    let count = store.idCount
    func id(_ copy: Copy) -> ObjectID {
      guard copy.source < names.count else { return looseIDs[copy.position] }
      let own = names[copy.source]
      return ObjectID.load(own.span, at: copy.position * count, count: count)
    }
    copies.sort { left, right in
      if left.prefix != right.prefix { return left.prefix < right.prefix }
      let (leftID, rightID) = (id(left), id(right))
      return leftID == rightID ? left.source < right.source : leftID < rightID
    }
    var previous: Copy?
    for copy in copies {
      let isRepeated = previous.map { $0.prefix == copy.prefix && id($0) == id(copy) } ?? false
      previous = copy
      if copy.source == store.packs.count {
        if !isRepeated { loose.append(looseIDs[copy.position]) }
      } else if isRepeated {
        mark(store.packs[copy.source], copy.source, bucket(store.packs[copy.source], byte).lowerBound + copy.position)
      }
    }
  }

  private mutating func mark(_ pack: Pack, _ number: Int, _ position: Int) {
    if elsewhere[number].isEmpty { elsewhere[number] = Array(repeating: 0, count: pack.index.count / 64 + 1) }
    elsewhere[number][position >> 6] |= 1 << UInt64(position & 63)
  }
}
