// Numbers for objects: what a scan keeps about an object is kept in arrays, by number. Numbers begin at 1; 0 is none.

internal import Git
internal import Model

/// Ids in little room: 20 or 32 bytes each.
struct PackedIDs: Sendable {
  /// Big-endian words, those of one id after those of another.
  private(set) var words: [UInt32] = []
  /// Words of one id.
  private let stride: Int

  init(idCount: Int) { stride = idCount / 4 }

  var count: Int { words.count / stride }

  subscript(_ index: Int) -> ObjectID {
    let at = index * stride
    func word(_ number: Int) -> UInt64 { UInt64(words[at + number]) << 32 | UInt64(words[at + number + 1]) }
    return stride == 5
      ? ObjectID(words: (word(0), word(2), UInt64(words[at + 4]) << 32, 0), count: 20)
      : ObjectID(words: (word(0), word(2), word(4), word(6)), count: 32)
  }

  /// The first four bytes of the id at `index`.
  func firstWord(_ index: Int) -> UInt32 { words[index * stride] }

  /// Whether the id at `index` is `id`.
  func holds(_ id: ObjectID, at index: Int) -> Bool {
    let at = index * stride
    let own = id.words
    guard words[at] == UInt32(truncatingIfNeeded: own.0 >> 32) else { return false }
    return self[index] == id
  }

  /// Adds an id; one of another length is of no repository that has these.
  mutating func append(_ id: ObjectID) {
    let own = id.words
    for word in [own.0, own.1] {
      words.append(UInt32(truncatingIfNeeded: word >> 32))
      words.append(UInt32(truncatingIfNeeded: word))
    }
    words.append(UInt32(truncatingIfNeeded: own.2 >> 32))
    if stride == 5 { return }
    words.append(UInt32(truncatingIfNeeded: own.2))
    words.append(UInt32(truncatingIfNeeded: own.3 >> 32))
    words.append(UInt32(truncatingIfNeeded: own.3))
  }

  /// Adds the next word of an id, when ids are read word by word.
  mutating func append(word: UInt32) { words.append(word) }

  /// Makes room for that many ids in all.
  mutating func reserve(_ count: Int) { words.reserveCapacity(count * stride) }
}

/// The ids of a repository's objects, each with a number and a kind.
struct ObjectTable: Sendable {
  private var ids: PackedIDs
  private var kinds: [UInt8] = []
  private var slots: [UInt32] = Array(repeating: 0, count: 1 << 12)
  private let idCount: Int

  /// The most objects that can be numbered.
  static let maximumCount = Int(UInt32.max) - 1

  init(idCount: Int) {
    self.idCount = idCount
    ids = PackedIDs(idCount: idCount)
  }

  /// How many objects have a number.
  var count: Int { kinds.count }

  func id(_ number: UInt32) -> ObjectID { ids[Int(number) - 1] }

  /// What the object is; nil where its kind is not known.
  func kind(_ number: UInt32) -> ObjectKind? { ObjectKind(rawValue: kinds[Int(number) - 1]) }

  /// Whether the object is a tree.
  func isTree(_ number: UInt32) -> Bool { kinds[Int(number) - 1] == ObjectKind.tree.rawValue }

  /// The object's number; 0 if it has none.
  func find(_ id: ObjectID) -> UInt32 {
    let mask = slots.count - 1
    // Ids are as good as random, so their own bits are the hash; a repository of chosen ids only hurts itself.
    var slot = ObjectTable.hash(id) & mask
    while true {
      let number = slots[slot]
      if number == 0 { return 0 }
      if ids.holds(id, at: Int(number) - 1) { return number }
      slot = (slot + 1) & mask
    }
  }

  /// Gives the object a number unless it has one; 0 when there are too many.
  @discardableResult
  mutating func insert(_ id: ObjectID, _ kind: ObjectKind?) -> UInt32 {
    let known = find(id)
    if known != 0 || kinds.count >= ObjectTable.maximumCount || id.count != idCount { return known }
    if (kinds.count + 1) * 2 > slots.count { grow(slots.count * 2) }
    ids.append(id)
    kinds.append(kind?.rawValue ?? 0)
    let number = UInt32(kinds.count)
    place(number)
    return number
  }

  /// Makes room for that many objects in all.
  mutating func reserve(_ count: Int) {
    ids.reserve(count)
    kinds.reserveCapacity(count)
    var size = slots.count
    while size < count * 2 { size *= 2 }
    if size > slots.count { grow(size) }
  }

  private mutating func place(_ number: UInt32) {
    let mask = slots.count - 1
    var slot = ObjectTable.hash(ids[Int(number) - 1]) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = number
  }

  private mutating func grow(_ size: Int) {
    slots = []
    slots = Array(repeating: 0, count: size)
    for index in kinds.indices { place(UInt32(index + 1)) }
  }

  /// Mixed, so that ids that were chosen to share their first bytes do not share a slot.
  private static func hash(_ id: ObjectID) -> Int {
    let words = id.words
    let mixed = (words.0 ^ words.1 &* 0x9e37_79b9_7f4a_7c15) &* 0xff51_afd7_ed55_8ccd
    return Int(truncatingIfNeeded: mixed >> 20)
  }
}
