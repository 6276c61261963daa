//go:build !purego

#include "textflag.h"

// func distancesAVX(dst, z, x, over *float64, numeric, d, n int)
TEXT ·distancesAVX(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ z+8(FP), SI
	MOVQ x+16(FP), DX
	MOVQ over+24(FP), BX
	MOVQ numeric+32(FP), R8
	MOVQ d+40(FP), R9
	MOVQ n+48(FP), CX

group:
	VXORPD Y0, Y0, Y0
	XORQ   AX, AX
	CMPQ   AX, R8
	JGE    nominal

numeric:
	VBROADCASTSD (DX)(AX*8), Y1
	VSUBPD       (SI), Y1, Y1
	VMULPD       Y1, Y1, Y1
	VADDPD       Y1, Y0, Y0
	ADDQ         $32, SI
	INCQ         AX
	CMPQ         AX, R8
	JLT          numeric

nominal:
	CMPQ         AX, R9
	JGE          next
	VBROADCASTSD (DX)(AX*8), Y1
	VCMPPD       $4, (SI), Y1, Y1
	VBROADCASTSD (BX)(AX*8), Y2
	VANDPD       Y1, Y2, Y2
	VADDPD       Y2, Y0, Y0
	ADDQ         $32, SI
	INCQ         AX
	JMP          nominal

next:
	VMOVUPD Y0, (DI)
	ADDQ    $32, DI
	SUBQ    $4, CX
	JG      group
	VZEROUPPER
	RET

// func momentsAVX(first, second, h, z, x *float64, numeric, d, n int)
TEXT ·momentsAVX(SB), NOSPLIT, $0-64
	MOVQ first+0(FP), R10
	MOVQ second+8(FP), R11
	MOVQ h+16(FP), R12
	MOVQ z+24(FP), R13
	MOVQ x+32(FP), DX
	MOVQ numeric+40(FP), R8
	MOVQ d+48(FP), R9
	MOVQ R9, BX
	SHLQ $5, BX
	XORQ AX, AX

column:
	VBROADCASTSD (DX)(AX*8), Y0
	VXORPD       Y1, Y1, Y1
	VXORPD       Y2, Y2, Y2
	MOVQ         R12, DI
	MOVQ         R13, SI
	MOVQ         n+56(FP), CX
	CMPQ         AX, R8
	JGE          nominal

numeric:
	VSUBPD (SI), Y0, Y3
	VMULPD (DI), Y3, Y4
	VMULPD Y3, Y4, Y5
	VADDPD Y4, Y1, Y1
	VADDPD Y5, Y2, Y2
	ADDQ   BX, SI
	ADDQ   $32, DI
	SUBQ   $4, CX
	JG     numeric
	JMP    reduce

nominal:
	VCMPPD $4, (SI), Y0, Y3
	VANDPD (DI), Y3, Y3
	VADDPD Y3, Y2, Y2
	ADDQ   BX, SI
	ADDQ   $32, DI
	SUBQ   $4, CX
	JG     nominal

reduce:
	VHADDPD      Y2, Y1, Y1
	VEXTRACTF128 $1, Y1, X3
	VADDPD       X3, X1, X1
	VMOVLPD      X1, (R10)(AX*8)
	VMOVHPD      X1, (R11)(AX*8)
	ADDQ         $32, R13
	INCQ         AX
	CMPQ         AX, R9
	JLT          column
	VZEROUPPER
	RET

DATA constant<>+0(SB)/8, $0x4014000000000000 // 5
DATA constant<>+8(SB)/8, $0x3FF71547652B82FE // 1/ln 2
DATA constant<>+16(SB)/8, $0x4338000000000000 // 1.5·2^52
DATA constant<>+24(SB)/8, $0x3FE62E42FEE00000 // ln 2, its first bits
DATA constant<>+32(SB)/8, $0x3DEA39EF35793C76 // and its last
DATA constant<>+40(SB)/8, $0x3FE0000000000000 // 1/2!
DATA constant<>+48(SB)/8, $0x3FC5555555555555 // 1/3!
DATA constant<>+56(SB)/8, $0x3FA5555555555555 // 1/4!
DATA constant<>+64(SB)/8, $0x3F81111111111111 // 1/5!
DATA constant<>+72(SB)/8, $0x3F56C16C16C16C17 // 1/6!
DATA constant<>+80(SB)/8, $0x3F2A01A01A01A01A // 1/7!
DATA constant<>+88(SB)/8, $0x3EFA01A01A01A01A // 1/8!
DATA constant<>+96(SB)/8, $0x3EC71DE3A556C734 // 1/9!
DATA constant<>+104(SB)/8, $0x3E927E4FB7789F5C // 1/10!
DATA constant<>+112(SB)/8, $0x3E5AE64567F544E4 // 1/11!
DATA constant<>+120(SB)/8, $0x3E21EED8EFF8D898 // 1/12!
DATA constant<>+128(SB)/8, $0x3DE6124613A86D09 // 1/13!
DATA constant<>+136(SB)/8, $0x3FF0000000000000 // 1
DATA constant<>+144(SB)/8, $0x4086200000000000 // 708
DATA constant<>+152(SB)/8, $0x3FD5555555555555 // 1/3
DATA constant<>+160(SB)/8, $0xBFEAAAAAAAAAAAAB // -5/6
DATA constant<>+168(SB)/8, $1023
DATA constant<>+176(SB)/8, $0x8000000000000000 // the sign
GLOBL constant<>(SB), RODATA|NOPTR, $184

#define CONSTANT(i, y) VBROADCASTSD constant<>+(8*i)(SB), y

// PAIR sets out to constants i + (i+1)·r, spoiling Y15.
#define PAIR(i, r, out)    \
	CONSTANT((i+1), out);  \
	CONSTANT(i, Y15);      \
	VMULPD   r, out, out;  \
	VADDPD   out, Y15, out

// func maternsAVX(k, e *float64, s2, mean float64, n int)
//
// It is matern with special.Exp, operation by operation.
TEXT ·maternsAVX(SB), NOSPLIT, $0-40
	MOVQ         k+0(FP), DI
	MOVQ         e+8(FP), SI
	VBROADCASTSD s2+16(FP), Y13
	VBROADCASTSD mean+24(FP), Y14
	MOVQ         n+32(FP), CX

loop:
	CONSTANT(0, Y0)
	VMULPD  (DI), Y0, Y0 // 5 r²
	VSQRTPD Y0, Y1       // q
	CONSTANT(22, Y2)
	VXORPD  Y2, Y1, Y2   // -q
	CONSTANT(1, Y3)
	CONSTANT(2, Y15)
	VMULPD  Y2, Y3, Y3
	VADDPD  Y15, Y3, Y3  // its last bits are the exponent of 2
	VSUBPD  Y15, Y3, Y4
	CONSTANT(3, Y5)
	VMULPD  Y5, Y4, Y5
	VSUBPD  Y5, Y2, Y2
	CONSTANT(4, Y5)
	VMULPD  Y5, Y4, Y5
	VSUBPD  Y5, Y2, Y2   // what is left of -q
	VMULPD  Y2, Y2, Y4   // squared
	VMULPD  Y4, Y4, Y5   // and again
	PAIR(5, Y2, Y6)
	PAIR(7, Y2, Y7)
	PAIR(9, Y2, Y8)
	PAIR(11, Y2, Y9)
	PAIR(13, Y2, Y10)
	PAIR(15, Y2, Y11)
	VMULPD  Y7, Y4, Y7
	VMULPD  Y9, Y4, Y9
	VMULPD  Y11, Y4, Y11
	VADDPD  Y7, Y6, Y6
	VADDPD  Y9, Y8, Y8
	VADDPD  Y11, Y10, Y10
	VMULPD  Y10, Y5, Y10
	VADDPD  Y10, Y8, Y8
	VMULPD  Y8, Y5, Y8
	VADDPD  Y8, Y6, Y6
	VMULPD  Y6, Y4, Y6
	VADDPD  Y6, Y2, Y2
	CONSTANT(17, Y15)
	VADDPD  Y2, Y15, Y2
	CONSTANT(21, Y4)
	VPADDQ  Y4, Y3, Y3
	VPSLLQ  $52, Y3, Y3  // 2 to the exponent
	VMULPD  Y3, Y2, Y2
	CONSTANT(18, Y3)
	VCMPPD  $10, Y3, Y1, Y4 // q is not above 708
	VANDPD  Y4, Y2, Y2   // e^-q
	VADDPD  Y1, Y15, Y3  // 1 + q
	CONSTANT(19, Y4)
	VMULPD  Y0, Y4, Y4
	VADDPD  Y4, Y3, Y4
	VMULPD  Y2, Y4, Y4   // the correlation
	VMULPD  Y2, Y3, Y3
	CONSTANT(20, Y5)
	VMULPD  Y3, Y5, Y3   // its slope
	VMULPD  Y4, Y13, Y4
	VADDPD  Y14, Y4, Y4
	VMULPD  Y3, Y13, Y3
	VMOVUPD Y4, (DI)
	VMOVUPD Y3, (SI)
	ADDQ    $32, DI
	ADDQ    $32, SI
	SUBQ    $4, CX
	JG      loop
	VZEROUPPER
	RET
