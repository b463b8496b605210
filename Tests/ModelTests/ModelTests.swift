import Testing

@testable import Model

@Suite struct ObjectIDTests {
  @Test(arguments: [20, 32]) func keepsItsBytes(_ count: Int) throws {
    let bytes = (0..<count).map { UInt8($0 * 7 % 256) }
    let parsed = ObjectID(bytes.span)
    let id = try #require(parsed)
    #expect(id.bytes == bytes)
    #expect(id.count == count)
    #expect(ObjectID(hex: id.description) == id)
    #expect(ObjectID(hex: id.description.uppercased()) == id)
    #expect(id.description.count == 2 * count)
  }

  @Test(arguments: ["", "12", String(repeating: "0", count: 41), String(repeating: "g", count: 40)])
  func refusesWhatIsNoID(_ text: String) { #expect(ObjectID(hex: text) == nil) }

  @Test func ordersAsItsBytesDo() throws {
    let ids = try ["00ff", "0100", "ff00"].map { try #require(ObjectID(hex: $0 + String(repeating: "0", count: 36))) }
    #expect(ids.sorted() == ids)
    #expect(!ids[0].isZero)
    #expect(try #require(ObjectID(hex: String(repeating: "0", count: 64))).isZero)
  }
}

@Suite struct CoverageTests {
  @Test func countsWhatItNoLongerLists() {
    var coverage = Coverage()
    for number in 0..<1_500 { coverage.add(Skip(reason: .missing, detail: "\(number)")) }
    #expect(coverage.skips.count == Coverage.maximumListed)
    #expect(coverage.skipCounts[.missing] == 1_500)
    var sum = Coverage()
    sum.add(Skip(reason: .corrupt, detail: ""))
    sum.merge(coverage)
    #expect(sum.skips.count == Coverage.maximumListed)
    #expect(sum.skipCounts == [.missing: 1_500, .corrupt: 1])
  }

  @Test func onlyPointersLeaveItComplete() {
    for reason in SkipReason.allCases {
      var coverage = Coverage()
      coverage.add(Skip(reason: reason, detail: ""))
      #expect(coverage.isIncomplete == (reason != .lfsPointer))
    }
    #expect(!Coverage().isIncomplete)
  }
}

@Suite struct BytePathTests {
  @Test func keepsBytesThatAreNoText() {
    let path = BytePath([0x61]).appending([0xff, 0x0a])
    #expect(path.bytes == [0x61, 0x2f, 0xff, 0x0a])
    #expect(!path.isUTF8)
    #expect(BytePath("ä/b").isUTF8)
    #expect(BytePath([]).appending([0x62]) == BytePath("b"))
  }
}
