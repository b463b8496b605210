// Numbers for objects: what a scan keeps about an object is kept in arrays, by number. Numbers begin at 1; 0 is none.

internal import Git
internal import Model

/// The ids of a repository's objects, each with a number and a kind.
struct ObjectTable: Sendable {
  private(set) var ids: [ObjectID] = []
  private(set) var kinds: [ObjectKind?] = []
  private var slots: [UInt32] = Array(repeating: 0, count: 1 << 12)

  /// The most objects that can be numbered.
  static let maximumCount = Int(UInt32.max) - 1

  /// How many objects have a number.
  var count: Int { ids.count }

  func id(_ number: UInt32) -> ObjectID { ids[Int(number) - 1] }

  /// What the object is; nil where its kind is not known.
  func kind(_ number: UInt32) -> ObjectKind? { kinds[Int(number) - 1] }

  /// The object's number; 0 if it has none.
  func find(_ id: ObjectID) -> UInt32 {
    let mask = slots.count - 1
    // Ids are as good as random, so their own bits are the hash; a repository of chosen ids only hurts itself.
    var slot = ObjectTable.hash(id) & mask
    while slots[slot] != 0 {
      if ids[Int(slots[slot]) - 1] == id { return slots[slot] }
      slot = (slot + 1) & mask
    }
    return 0
  }

  /// Gives the object a number unless it has one; 0 when there are too many.
  @discardableResult
  mutating func insert(_ id: ObjectID, _ kind: ObjectKind?) -> UInt32 {
    let known = find(id)
    if known != 0 || ids.count >= ObjectTable.maximumCount { return known }
    if (ids.count + 1) * 2 > slots.count { grow() }
    ids.append(id)
    kinds.append(kind)
    let number = UInt32(ids.count)
    place(number)
    return number
  }

  private mutating func place(_ number: UInt32) {
    let mask = slots.count - 1
    var slot = ObjectTable.hash(ids[Int(number) - 1]) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = number
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for index in ids.indices { place(UInt32(index + 1)) }
  }

  /// Mixed, so that ids that were chosen to share their first bytes do not share a slot.
  private static func hash(_ id: ObjectID) -> Int {
    let mixed = (id.words.0 ^ id.words.1 &* 0x9e37_79b9_7f4a_7c15) &* 0xff51_afd7_ed55_8ccd
    return Int(truncatingIfNeeded: mixed >> 20)
  }
}
