#include "textflag.h"

// func classifyBlocks(src *byte, blocks int, out *marks)
//
// For each block of 64 bytes it writes three masks of 64 bits: where commas, newlines and quotes are. SSE2 only,
// which every amd64 processor has.
TEXT ·classifyBlocks(SB), NOSPLIT, $0-24
	MOVQ src+0(FP), SI
	MOVQ blocks+8(FP), CX
	MOVQ out+16(FP), DI
	TESTQ CX, CX
	JZ   done

	MOVQ $0x2c2c2c2c2c2c2c2c, AX
	MOVQ AX, X13
	PUNPCKLQDQ X13, X13
	MOVQ $0x0a0a0a0a0a0a0a0a, AX
	MOVQ AX, X14
	PUNPCKLQDQ X14, X14
	MOVQ $0x2222222222222222, AX
	MOVQ AX, X15
	PUNPCKLQDQ X15, X15

#define MASK(pattern, offset) \
	MOVO X0, X4; PCMPEQB pattern, X4; PMOVMSKB X4, R8; \
	MOVO X1, X5; PCMPEQB pattern, X5; PMOVMSKB X5, R9; \
	MOVO X2, X6; PCMPEQB pattern, X6; PMOVMSKB X6, R10; \
	MOVO X3, X7; PCMPEQB pattern, X7; PMOVMSKB X7, R11; \
	SHLQ $16, R9; ORQ R9, R8; \
	SHLQ $32, R10; SHLQ $48, R11; ORQ R11, R10; ORQ R10, R8; \
	MOVQ R8, offset(DI)

loop:
	MOVOU (SI), X0
	MOVOU 16(SI), X1
	MOVOU 32(SI), X2
	MOVOU 48(SI), X3
	MASK(X13, 0)
	MASK(X14, 8)
	MASK(X15, 16)
	ADDQ $64, SI
	ADDQ $24, DI
	DECQ CX
	JNZ  loop
done:
	RET
