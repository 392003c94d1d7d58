"""Instructions on many numbers at once, written as LLVM code for the kernels of the rooms above.

The lowest room: it imports none of the others. Start with ``kernel`` (how loops are compiled and spread over threads)
and ``distance`` (what a key is), then read the page below, ``vector``, ``lanes`` and ``pool_vector``, in this order.

How to read an instruction builder
----------------------------------

A kernel is Python that numba compiles. It can say "for every coordinate", but not "exchange these lanes of a register";
an *instruction* can. Here is the shortest one, from ``product_vector``:

    @instruction
    def lowest_bit(typing_context, mask):                                      # 1
        def generate(context, builder, signature, arguments):                  # 2
            return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))   # 3

        return types.int64(types.int64), generate                              # 4

1. The function runs when a kernel that calls ``lowest_bit(x)`` is compiled; ``mask`` is then a *type*, not a number.
2. ``generate`` writes the code. ``arguments`` are names of numbers that will exist when the kernel runs.
3. Each call of the builder appends one operation and returns the name of its result: here "count trailing zeros"; the
   1 allows any answer for 0, which spares a test.
4. The signature (int64 from int64) and the writer go to numba, which puts the operation into the kernel: no call is
   left.

So a Python ``for`` or ``if`` in a builder decides *what is written*: eight turns write eight loads. What loops or
branches when the kernel runs says so: ``with cgutils.for_range(builder, count)``, ``with builder.if_then(condition)``.
Numbers that such a loop changes are kept in slots of the stack (``cgutils.alloca_once_value``, ``load``, ``store``),
which LLVM turns into registers.

Vectors and lanes. 64 bytes are one cache line and one register of AVX-512. ``lanes`` names the ways to see them: BYTES
(64 lanes of 8 bits), WORDS (32 of 16), INTS and FLOATS (16 of 32), KEYS (8 of 64). ``builder.bitcast`` changes the view
and costs nothing. ``shuffle(builder, a, b, mask)`` has one lane for every number of the mask: with n lanes in each of
the two, 0..n-1 are those of ``a`` and n..2n-1 those of ``b``. A processor with shorter registers takes two or more.

Pools. A search keeps its candidates as ascending *keys*, ``bits(distance) << 32 | id << 1 | expanded``. This candidate
list is called a *pool* where it is a row of registers of eight keys (``pool_vector``). To put the key 35 into the
register 10 20 ... 80, when the register before it ends with 5:

    shuffled = shuffle(builder, below, old, [7, 8, ..., 14])    5 10 20 30 40 50 60 70    old, one lane up
    larger = max(shuffled, 35)                                 35 35 35 35 40 50 60 70
    new = min(old, larger)                                     10 20 30 35 40 50 60 70    80 was pushed out

No branch is taken, whatever the key: nothing that the processor could guess wrongly.

Panels and tiles. A matrix that many rows are multiplied with is cut into *panels* of 16 columns, so that a register
holds 16 columns of one row of it. ``product_vector`` multiplies four rows with four panels: 16 running sums in
registers. A *tile* (``tile_vector``) is a register of AMX with 16 rows of 64 bytes, one operation for 16 rows and 16
columns; it reads the same panels.

The processor's kind is chosen while a kernel is compiled, in one of two ways. Where only speed depends on it, the
builder asks ``machine`` (``has_wide_registers``: how many sums fit). Where two codes for the same integers must live
side by side, the element type of an array chooses: ``codes`` as uint8 means VNNI, as int8 what every processor has.
numba keeps a compiled kernel for each combination of types, so both stay in one cache and a test compares them.
"""
